//! The ending of a run that succeeded; the store writes it in one transaction (docs/requirements.md#d1).

use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use crate::domain::reason::Reason;
use crate::domain::run::Kind;
use crate::store::Ending;

pub(super) fn activation(context: &RunContext<'_>) -> Result<Ending, StepError> {
    let journal = &context.journal;
    let (Some(organization), Some(pool)) = (&journal.organization, &journal.pool) else {
        return Err(StepError::stuck(Reason::ActivationNotRecorded));
    };
    let (organization_id, pool_id) = (organization.id.clone(), pool.id.clone());
    Ok(match context.run.kind {
        Kind::Sync => Ending::Synced {
            organization_id,
            pool_id,
        },
        Kind::Enable | Kind::Disable => Ending::Activated {
            organization_id,
            pool_id,
        },
    })
}
