//! Refusals of users that conflict with others or with a schema (rows 69, 71, 73 and 74).

use super::model::User;
use super::rules::Rule;
use super::store::Conflict;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::state::State;
use crate::switches::choices::OtherPool;

/// Row 73: which schema rule was broken.
pub(crate) fn rule_error(call: &Call, rule: Rule) -> ApiError {
    let message = match rule {
        Rule::UnknownSchema => "The schema does not exist",
        Rule::Payload => "The payload does not match its schema",
        Rule::Metadata => "The metadata do not match their schema",
    };
    ApiError::refusal(*call.switches.schema_violation, message)
}

/// Refuses a user whose id, identifiers or verified addresses another one has.
pub(crate) fn check_conflicts(state: &State, call: &Call, pool_id: &str, user: &User) -> Result<(), ApiError> {
    if *call.switches.user_id_in_other_pool == OtherPool::Refused
        && state.pools.home_of(&user.id).is_some_and(|home| home != pool_id)
    {
        return Err(ApiError::conflict("The user id is in use in another pool"));
    }
    check_taken(state, call, pool_id, user)
}

/// Refuses a user whose identifiers or verified addresses another one has.
pub(super) fn check_taken(state: &State, call: &Call, pool_id: &str, user: &User) -> Result<(), ApiError> {
    match state.conflict(call, pool_id, user) {
        None => Ok(()),
        Some(conflict) => Err(conflict_error(call, &conflict)),
    }
}

/// Rows 69 and 71.
pub(crate) fn conflict_error(call: &Call, conflict: &Conflict) -> ApiError {
    match conflict {
        Conflict::Identifier(_) => ApiError::refusal(*call.switches.identifier_conflict, "Identifier is already used"),
        Conflict::VerifiedAddress(_) => {
            ApiError::refusal(*call.switches.verified_address_conflict, "Address is already used")
        }
    }
}
