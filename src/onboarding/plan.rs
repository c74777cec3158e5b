//! What a Yes would do now (design.md §2 `plan`), found out with the client's read-only view and the store's reading methods.
//!
//! The judgements are the steps' own. Calls are made one after the other and no worker slot is taken: while runs are at work, a
//! plan adds one call at a time to theirs.

mod import;
mod reading;
mod stops;

use self::reading::Reading;
use super::Onboarding;
use super::naming::Subject;
use crate::domain::biller::BillerCiam;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::issue::Issue;
use crate::domain::reason::Reason;
use crate::domain::run::{Kind, Run};
use crate::domain::user_set::Counts;
use crate::domain::wish::{Decision, RunHead, Snapshot, decide_unseen};
use crate::ic_secureauth_api::{CallContext, IdpCheck, PoolSetting};
use crate::store::StoreError;

/// What a Yes would do now.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The biller's CIAM record.
    pub biller: BillerCiam,
    /// Its name in the CRM; never blank.
    pub name: Option<String>,
    /// What a Yes leads to.
    pub decision: Decision,
    /// The biller's latest run: the one the decision names, where it names one.
    pub latest_run: Option<Run>,
    /// What the run would find; `None` when none would start.
    pub outlook: Option<Outlook>,
}

/// What a run that starts now would find and do. What is `None` was not looked at, because the run would stop before.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// Enable or sync.
    pub kind: Kind,
    /// The payload schema of new pools.
    pub schema: SchemaOutlook,
    /// The biller's users.
    pub users: UsersOutlook,
    /// V1, O1.
    pub organization: Option<OrganizationOutlook>,
    /// P1.
    pub pool: Option<PoolOutlook>,
    /// U2.
    pub import: Option<ImportOutlook>,
    /// Why the run would not succeed, in the order in which its steps would notice.
    pub stops: Vec<Reason>,
}

/// The payload schema every user is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaOutlook {
    /// `SECUREAUTH_PAYLOAD_SCHEMA_ID`
    pub id: String,
    /// It was read and compiled, and the users were held against it.
    pub usable: bool,
}

/// The biller's users, as the CRM has them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsersOutlook {
    /// How many.
    pub counts: Counts,
    /// Every data error, in a stable order.
    pub issues: Vec<Issue>,
    /// `ON_INVALID_USER` lets the run go on without the users that have data errors.
    pub acceptable: bool,
}

/// Whose mark something carries that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nobody's.
    None,
    /// An earlier finished run's of this biller.
    EarlierRun,
    /// Another biller's, or that of a run the database does not know: the run would stop.
    Foreign,
}

/// The organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganizationOutlook {
    /// It would be created.
    Create {
        /// With this id.
        id: String,
        /// Below this organization.
        parent: String,
    },
    /// It is there.
    Stands {
        /// Its id.
        id: String,
        /// Below this organization.
        parent: Option<String>,
        /// Below the configured one.
        below_parent: bool,
        /// Sign-in is switched off; the run would switch it on.
        deactivated: bool,
        /// Whose it is.
        mark: Mark,
    },
}

/// The identity pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolOutlook {
    /// It would be created with its identity provider, under this derived id.
    Create(String),
    /// It is there.
    Stands {
        /// Its id.
        id: String,
        /// Whose it is.
        mark: Mark,
        /// Settings that are not as a new pool would get them; they stay as they are.
        differs_in: Vec<PoolSetting>,
        /// Its identity provider.
        provider: Option<IdpCheck>,
    },
    /// There are several and none is known: the run would stop.
    Several,
}

/// What the import would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOutlook {
    /// Users put into the pool.
    pub imported: u64,
    /// Users imported before whose data would be sent again because the CRM has changed it.
    pub changed: u64,
    /// Users that are there and would be left alone.
    pub already_present: u64,
    /// Users that do not fit the schema of the pool, which is another one than new pools get.
    pub unfit: u64,
}

impl Onboarding {
    /// What a Yes would do for the biller now; `None` when it is not in `ciam.Biller`. Writes nothing.
    ///
    /// # Errors
    /// The database's. What SecureAuth does not answer is one of [`Outlook::stops`].
    pub async fn plan(&self, biller: &BillerId) -> Result<Option<Plan>, StoreError> {
        let Some(view) = self.parts.store.biller(biller, 0).await? else {
            return Ok(None);
        };
        let snapshot = Snapshot {
            event: None,
            biller_exists: true,
            biller_named: view.name.is_some(),
            ciam: view.biller.state,
            blocking: view
                .run
                .as_ref()
                .filter(|run| run.state.blocks_others())
                .map(RunHead::from),
        };
        let decision = decide_unseen(true, &snapshot);
        let mut plan = Plan {
            biller: view.biller,
            name: view.name,
            decision,
            latest_run: view.run,
            outlook: None,
        };
        if let Decision::Start(kind) = plan.decision {
            plan.outlook = Some(self.outlook(kind, &plan).await?);
        }
        Ok(Some(plan))
    }

    async fn outlook(&self, kind: Kind, plan: &Plan) -> Result<Outlook, StoreError> {
        let decided_at = self.parts.clock.now();
        let would_be = OnboardingId(self.parts.ids.uuid_at(decided_at));
        let subject = Subject {
            parts: &self.parts,
            biller_id: &plan.biller.biller_id,
            biller_name: plan.name.as_deref(),
            generation: plan.biller.generation,
        };
        let context = CallContext {
            correlation_id: would_be.to_string(),
            ..CallContext::default()
        };
        let reading = Reading {
            subject,
            api: self.parts.secureauth.call(context).read_only(),
            stored: &plan.biller,
            marker: subject.marker(would_be, decided_at),
        };
        reading.outlook(kind).await
    }
}
