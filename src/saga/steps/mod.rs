//! One file per step, with its `rollback` function beside it; the rollback of the users is `rollback_users`.
//!
//! A step may return before it is done when the time slice is over. Called again, it continues from the journal.

pub(super) mod activate_organization;
pub(super) mod check_users;
mod compare_users;
mod deactivate_organization;
mod deactivated_flag;
mod end_sessions;
pub(super) mod ensure_organization;
pub(super) mod ensure_pool;
pub(super) mod find_pool;
mod identity_provider;
pub(super) mod leavers;
pub(super) mod new_pool;
pub(super) mod own_pools;
pub(super) mod payload_schema;
pub(super) mod pool_users;
mod record;
mod revoke_sessions;
pub(super) mod rollback_users;
pub(super) mod sync_users;
mod update_user;
mod verify_users;

pub(super) use payload_schema::{PayloadSchema, Schemas};
pub(super) use rollback_users::Recheck;

/// Most writes of a resource that others keep changing meanwhile (412); then the run pauses and tries again.
const STALE_TRIES: u32 = 3;

use super::journal_state::PoolState;
use super::run_context::RunContext;
use super::step_error::StepError;
use crate::domain::reason::Reason;
use crate::domain::step::Step;
use crate::store::Ending;

/// The pool of the run; fails before the journal names one.
fn known_pool<'a>(context: &'a RunContext<'_>) -> Result<&'a PoolState, StepError> {
    let refused = || StepError::permanent(Reason::SecureauthRefused);
    context.journal.pool.as_ref().ok_or_else(refused)
}

/// Does a step; `Some` when it ends the run.
pub(super) async fn run(context: &mut RunContext<'_>, step: Step) -> Result<Option<Ending>, StepError> {
    match step {
        Step::CheckUsers => check_users::run(context).await?,
        Step::EnsureOrganization => ensure_organization::run(context).await?,
        Step::EnsurePool => ensure_pool::run(context).await?,
        Step::SyncUsers => sync_users::run(context).await?,
        Step::VerifyUsers => verify_users::run(context).await?,
        Step::ActivateOrganization => activate_organization::run(context).await?,
        Step::DeactivateOrganization => deactivate_organization::run(context).await?,
        Step::RevokeSessions => revoke_sessions::run(context).await?,
        Step::RecordActivation => return record::activation(context).map(Some),
        Step::RecordDeactivation => return Ok(Some(Ending::Deactivated)),
    }
    Ok(None)
}
