//! Whose a resource is (design.md §3 "Ours").

use super::failure::StepError;
use super::run_context::RunContext;
use crate::domain::ids::OnboardingId;
use crate::domain::reason::Reason;
use crate::ic_secureauth_api::Marker;

/// Whose a resource is, by its marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// This run's.
    ThisRun,
    /// An earlier finished run's of the same biller: it stood before.
    EarlierRun,
    /// Nobody's mark: it stood before.
    Unmarked,
}

impl RunContext<'_> {
    /// The marker carries this run's id.
    pub(super) fn created(&self, marker: Option<&Marker>) -> bool {
        marker.is_some_and(|marker| marker.onboarding_id == self.run.id.to_string())
    }

    /// # Errors
    /// Stuck for the marker of another biller, of an unfinished run, or of a run the database does not know.
    pub(super) async fn owner(&self, marker: Option<&Marker>) -> Result<Owner, StepError> {
        let Some(marker) = marker else {
            return Ok(Owner::Unmarked);
        };
        if self.created(Some(marker)) {
            return Ok(Owner::ThisRun);
        }
        let foreign = || StepError::Stuck(Reason::ForeignMarker);
        let id: OnboardingId = marker.onboarding_id.parse().map_err(|_| foreign())?;
        let run = self.store().run(id).await?.ok_or_else(foreign)?;
        let finished = !run.state.blocks_others();
        if finished && run.biller_id == self.run.biller_id {
            Ok(Owner::EarlierRun)
        } else {
            Err(foreign())
        }
    }
}
