//! Reports every stuck run again and again until an operator acts, because a single log line is lost when its process dies
//! before writing it (docs/decisions.md#stuck-runs-are-reported).

use tracing::error;

use super::{Saga, commands_of};
use crate::domain::ids::OnboardingId;
use crate::domain::operation::names;
use crate::store::StoreError;

/// Most stuck runs one timer reports.
const REPORTED_AT_ONCE: u32 = 50;

impl Saga {
    /// Logs an error for every stuck run that is due to be reported.
    ///
    /// # Errors
    /// The database's. What was claimed and not logged is due again after `STUCK_REPORT_EVERY`.
    pub async fn report_stuck(&self) -> Result<(), StoreError> {
        let every = self.dependencies.run.stuck_report_every;
        for id in self.dependencies.store.claim_stuck(REPORTED_AT_ONCE, every).await? {
            self.report(id).await?;
        }
        Ok(())
    }

    async fn report(&self, id: OnboardingId) -> Result<(), StoreError> {
        let Some(run) = self.dependencies.store.run(id).await? else {
            return Ok(());
        };
        let left = self.left_by(id).await;
        error!(
            onboarding_id = %id,
            biller_id = %run.biller_id,
            reason = run.reason.as_deref().unwrap_or_default(),
            left,
            commands = names(commands_of(&run)),
            "the run is stuck until an operator acts"
        );
        Ok(())
    }
}
