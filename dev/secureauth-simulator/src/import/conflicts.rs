//! Conflicts of an imported user: with another user, or with itself when it comes twice (rows 69 to 71, 74).

use super::entries::Entry;
use super::transaction::Transaction;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::state::State;
use crate::state::record_id::RecordId;
use crate::switches::choices::OtherPool;
use crate::users::{Conflict, SubRecord, User, conflict_error};

/// Row 70: the same sub-record twice in one payload.
pub(super) fn check_duplicates(call: &Call, transaction: &mut Transaction, entry: &Entry) -> Result<(), ApiError> {
    let identifiers = entry
        .identifiers
        .iter()
        .map(|it| (SubRecord::Identifier, &it.common.id));
    let addresses = entry.addresses.iter().map(|it| (SubRecord::Address, &it.common.id));
    let credentials = entry
        .credentials
        .iter()
        .map(|it| (SubRecord::Credential, &it.common.id));
    for (kind, id) in identifiers.chain(addresses).chain(credentials) {
        if let Some(id) = id.as_deref().filter(|id| !id.is_empty())
            && !transaction.sub_records.insert((kind, RecordId::from(id)))
        {
            return Err(duplicate(call));
        }
    }
    Ok(())
}

/// Row 74: the pool that the user moves from, if it moves.
pub(super) fn check_other_pool(
    state: &State,
    call: &Call,
    pool_id: &str,
    user: &User,
) -> Result<Option<String>, ApiError> {
    let home = state.pools.home_of(&user.id).filter(|home| *home != pool_id);
    match (home, *call.switches.user_id_in_other_pool) {
        (Some(_), OtherPool::Refused) => Err(ApiError::conflict("The user id is in use in another pool")),
        (Some(home), OtherPool::Moved) => Ok(Some(home.to_owned())),
        (Some(_), OtherPool::Separate) | (None, _) => Ok(None),
    }
}

/// Rows 69 to 71.
pub(super) fn check_conflict(
    state: &State,
    call: &Call,
    transaction: &Transaction,
    pool_id: &str,
    user: &User,
) -> Result<(), ApiError> {
    let Some(conflict) = state.conflict(call, pool_id, user) else {
        return Ok(());
    };
    let (Conflict::Identifier(other) | Conflict::VerifiedAddress(other)) = &conflict;
    if transaction.users.contains(other) {
        return Err(duplicate(call));
    }
    Err(conflict_error(call, &conflict))
}

/// Row 70.
pub(super) fn duplicate(call: &Call) -> ApiError {
    ApiError::refusal(*call.switches.duplicate_in_payload, "A duplicate inside the request")
}
