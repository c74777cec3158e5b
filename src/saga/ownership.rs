//! Who created a resource (docs/ARCHITECTURE.md#ownership).

use super::run_context::RunContext;
use super::step_error::StepError;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::reason::Reason;
use crate::store::Store;
use ic_secureauth_api::Marker;

/// Who created a resource, by its marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// This run.
    ThisRun,
    /// An earlier, ended run of the same biller: the resource is found.
    EarlierRun,
    /// There is no marker: the resource is found.
    Unmarked,
}

impl RunContext<'_> {
    /// The marker names this run. That alone is no proof: the journal must hold the intent as well.
    pub(super) fn created(&self, marker: Option<&Marker>) -> bool {
        marker.is_some_and(|marker| marker.onboarding_id == self.run.id.to_string())
    }

    /// # Errors
    /// See [`owner_of_found`].
    pub(super) async fn owner(&self, resource: &str, marker: Option<&Marker>) -> Result<Owner, StepError> {
        if self.created(marker) {
            return Ok(Owner::ThisRun);
        }
        owner_of_found(self.store().as_ref(), &self.run.biller_id, resource, marker).await
    }
}

/// Who created a resource that the current run did not create. `resource`: what operators are told of it.
///
/// # Errors
/// Stuck when the marker names another biller, an open run, or a run that the database does not know.
pub(super) async fn owner_of_found(
    store: &dyn Store,
    biller: &BillerId,
    resource: &str,
    marker: Option<&Marker>,
) -> Result<Owner, StepError> {
    let Some(marker) = marker else {
        return Ok(Owner::Unmarked);
    };
    let foreign = |whose: String| {
        StepError::stuck(Reason::ForeignMarker).because(format!("the marker of {resource} names {whose}"))
    };
    let id: OnboardingId = marker
        .onboarding_id
        .parse()
        .map_err(|_| foreign("no run of this program".to_owned()))?;
    let Some(run) = store.run(id).await? else {
        let owner = BillerId::try_new(marker.owner_id.clone());
        let owner = owner.map_or_else(|_| "an unknown biller".to_owned(), |owner| format!("biller {owner}"));
        return Err(foreign(format!(
            "a run of {owner} that this database does not know: {id}"
        )));
    };
    let has_ended = !run.state.blocks_others();
    if has_ended && run.biller_id == *biller {
        return Ok(Owner::EarlierRun);
    }
    let state = if has_ended { "an ended" } else { "an open" };
    Err(foreign(format!("{state} run of biller {}: {id}", run.biller_id)))
}
