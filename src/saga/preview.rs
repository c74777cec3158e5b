//! The dry run behind the command `plan`: what a Yes would do now (docs/decisions.md#dry-run-by-types).
//!
//! It uses the client's read-only view, the store's reading methods and the steps' own judging functions. It takes no
//! worker slot, because it has at most one call in flight.

mod conflicts;
mod counting;
mod import;
mod listed;
mod outlook;
mod people;
mod reading;
mod stops;

use std::time::Duration;

use tokio::time::Instant;

pub use self::outlook::{Mark, OrganizationOutlook, Outlook, PoolOutlook, SchemaOutlook, UsersOutlook};
pub use self::people::{ImportOutlook, People, Planned};
use self::reading::Reading;
use self::stops::Stops;
use super::Saga;
use super::kept_settings::KeptSettings;
use super::naming::Subject;
use super::steps::check_users;
use crate::domain::biller::BillerCiam;
use crate::domain::ids::BillerId;
use crate::domain::issue::Code;
use crate::domain::reason::Reason;
use crate::domain::run::{Kind, Run};
use crate::domain::toggle_event::{Decision, RunHead, Snapshot, decide_unseen};
use crate::settings::OnboardingSettings;
use crate::store::{GuidRange, StoreError};
use ic_secureauth_api::{CallContext, ReadOnlyApi};

/// The payload schema of new pools.
///
/// # Errors
/// Why a run would not get past it.
pub async fn payload_schema(
    api: &ReadOnlyApi,
    id: &str,
    settings: &OnboardingSettings,
) -> Result<SchemaOutlook, Reason> {
    let mut stops = Stops::default();
    let found = reading::fetch_schema(api, id, settings).await;
    let found = stops.keep(found).ok().flatten();
    let reason = stops.reasons.first().copied().unwrap_or(Reason::SecureauthUnavailable);
    found.map(|schema| SchemaOutlook::of(id, Some(&schema))).ok_or(reason)
}

/// What a Yes would do now, and the records it was decided on.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The biller's CIAM record.
    pub biller: BillerCiam,
    /// Its name in the CRM, or what is wrong with it.
    pub name: Result<String, Code>,
    /// What a Yes leads to.
    pub decision: Decision,
    /// The biller's latest run. Where the decision names a run, it is this one.
    pub latest_run: Option<Run>,
    /// What the run would find; `None` when no run would start.
    pub outlook: Option<Outlook>,
    /// How long reading the first page of the CRM's users took, without what was done with it.
    pub page_took: Duration,
}

impl Saga {
    /// What a Yes would do for the biller now. Writes nothing. `None`: the biller is not in `ciam.Biller`.
    ///
    /// # Errors
    /// The database failed. A failure of SecureAuth is no error but one of [`Outlook::stops`].
    pub async fn preview(&self, biller: &BillerId) -> Result<Option<Preview>, StoreError> {
        let Some(view) = self.dependencies.store.biller(biller, 0).await? else {
            return Ok(None);
        };
        let snapshot = Snapshot {
            event: None,
            biller_exists: true,
            name_error: view.name.as_ref().err().copied(),
            ciam: view.biller.state,
            blocking: view
                .run
                .as_ref()
                .filter(|run| run.state.blocks_others())
                .map(RunHead::from),
        };
        let decision = decide_unseen(true, &snapshot);
        let mut preview = Preview {
            biller: view.biller,
            name: view.name,
            decision,
            latest_run: view.run,
            outlook: None,
            page_took: Duration::ZERO,
        };
        if let Decision::Start(kind) = preview.decision {
            preview.page_took = self.time_of_page(biller).await?;
            let mut outlook = self.outlook(kind, &preview).await?;
            let of_name = check_users::issue_of_name(kind, &preview.name);
            outlook.users.issues.splice(0..0, of_name);
            preview.outlook = Some(outlook);
        }
        Ok(Some(preview))
    }

    /// A run reads every user page by page, so a slow page makes it long.
    async fn time_of_page(&self, biller: &BillerId) -> Result<Duration, StoreError> {
        let limit = self.dependencies.run.users_per_page;
        let range = GuidRange::default();
        let started = Instant::now();
        self.dependencies.store.users_page(biller, range, limit).await?;
        Ok(started.elapsed())
    }

    async fn outlook(&self, kind: Kind, preview: &Preview) -> Result<Outlook, StoreError> {
        let decided_at = self.dependencies.clock.now();
        let would_be = self.new_run_id();
        let kept = KeptSettings::of(None, &self.dependencies)?;
        let subject = Subject {
            dependencies: &self.dependencies,
            settings: &kept,
            biller_id: &preview.biller.biller_id,
            biller_name: preview.name.as_deref().ok(),
            generation: preview.biller.generation,
        };
        let context = CallContext {
            correlation_id: would_be.to_string(),
            ..CallContext::default()
        };
        let reading = Reading {
            subject,
            api: self.dependencies.secureauth.call(context).read_only(),
            stored: &preview.biller,
            marker: subject.marker(would_be, decided_at),
        };
        reading.outlook(kind).await
    }
}
