//! One user of an import: checked and written, or refused (rows 62 to 68, 73).

use super::conflicts::{check_conflict, check_duplicates, check_other_pool, duplicate};
use super::entries::Entry;
use super::records::UserRecord;
use super::sub_records::{Checks, required};
use super::transaction::Transaction;
use crate::errors::ApiError;
use crate::pools::check_management;
use crate::server::call::Call;
use crate::state::State;
use crate::switches::choices::Subentries;
use crate::users::{SubRecord, User, UserStatus, check_schemas, compact, rule_error};

/// Writes an entry, or nothing of it when it is refused.
pub(super) fn apply(
    state: &mut State,
    call: &Call,
    transaction: &mut Transaction,
    mut entry: Entry,
) -> Result<(), ApiError> {
    let (pool_id, user) = match entry.user.take() {
        Some(record) => new_version(state, call, transaction, &record, &entry)?,
        None => with_sub_records(state, call, &entry)?,
    };
    check_duplicates(call, transaction, &entry)?;
    let moved_from = check_other_pool(state, call, &pool_id, &user)?;
    check_conflict(state, call, transaction, &pool_id, &user)?;
    if let Some(other) = moved_from {
        transaction.remove_user(state, call, &other, &user.id);
    }
    detach(state, call, transaction, &pool_id, &user);
    transaction.users.insert(user.id.clone());
    transaction.put_user(state, call, &pool_id, user);
    Ok(())
}

/// The user an entry with a `users` record describes, and its pool.
fn new_version(
    state: &mut State,
    call: &Call,
    transaction: &Transaction,
    record: &UserRecord,
    entry: &Entry,
) -> Result<(String, User), ApiError> {
    let revision = state.next_revision();
    let State {
        tenant,
        random,
        pools,
        schemas,
        ..
    } = state;
    let pool_id = record.user_pool_id.clone().unwrap_or_default();
    let mut checks = Checks {
        call,
        tenant,
        pool_id: &pool_id,
        random,
    };
    checks.tenant(record.tenant_id.as_deref())?;
    required(Some(pool_id.as_str()), "user_pool_id")?;
    let status = required(record.status.as_deref(), "status")?;
    let status = checks.known::<UserStatus>(status, "status")?;
    let pool = pools.live(&pool_id).ok_or_else(|| unknown_pool(call))?;
    let schemas = check_schemas(
        schemas,
        pool,
        [
            record.payload_schema_id.as_deref(),
            record.metadata_schema_id.as_deref(),
            record.business_metadata_schema_id.as_deref(),
        ],
        [
            record.payload.as_ref(),
            record.metadata.as_ref(),
            record.business_metadata.as_ref(),
        ],
    )
    .map_err(|rule| rule_error(call, rule))?;
    let id = checks.id(record.id.as_deref())?;
    if transaction.users.contains(&id) {
        return Err(duplicate(call));
    }
    let created_at = record.created_at.unwrap_or(call.now);
    let mut user = User {
        id,
        status,
        jit: false,
        payload: record.payload.as_ref().map(compact),
        metadata: record.metadata.as_ref().map(compact),
        business_metadata: record.business_metadata.as_ref().map(compact),
        preferences: record.preferences.as_ref().map(compact),
        payload_schema_id: schemas.payload,
        metadata_schema_id: schemas.metadata,
        business_metadata_schema_id: schemas.business_metadata,
        created_at,
        updated_at: record.updated_at.unwrap_or(created_at),
        status_updated_at: record.status_updated_at.unwrap_or(created_at),
        identifiers: Vec::new(),
        addresses: Vec::new(),
        credentials: Vec::new(),
        revision,
    };
    let before = pool.users.get(&user.id);
    if let Some(before) = before
        && *call.switches.reimport_subentries == Subentries::Kept
    {
        user.identifiers.clone_from(&before.identifiers);
        user.addresses.clone_from(&before.addresses);
        user.credentials.clone_from(&before.credentials);
    }
    add_sub_records(&mut checks, &mut user, entry)?;
    check_management(state, call, &pool_id)?;
    Ok((pool_id, user))
}

/// Row 67: the existing user of sub-records that came without a user, with these sub-records.
fn with_sub_records(state: &mut State, call: &Call, entry: &Entry) -> Result<(String, User), ApiError> {
    let revision = state.next_revision();
    let pool_ids = [
        entry
            .identifiers
            .first()
            .and_then(|record| record.common.user_pool_id.clone()),
        entry
            .addresses
            .first()
            .and_then(|record| record.common.user_pool_id.clone()),
        entry
            .credentials
            .first()
            .and_then(|record| record.common.user_pool_id.clone()),
    ];
    let pool_id = pool_ids
        .into_iter()
        .flatten()
        .find(|id| !id.is_empty())
        .unwrap_or_default();
    let State {
        tenant, random, pools, ..
    } = state;
    let mut checks = Checks {
        call,
        tenant,
        pool_id: &pool_id,
        random,
    };
    required(Some(pool_id.as_str()), "user_pool_id")?;
    let user_id = required(entry.user_id.as_deref(), "user_id")?;
    let pool = pools.live(&pool_id).ok_or_else(|| unknown_pool(call))?;
    let mut user = pool
        .users
        .get(&user_id.into())
        .cloned()
        .ok_or_else(|| ApiError::refusal(*call.switches.orphan_subrecord, "The record's user does not exist"))?;
    user.revision = revision;
    add_sub_records(&mut checks, &mut user, entry)?;
    check_management(state, call, &pool_id)?;
    Ok((pool_id, user))
}

/// Adds the entry's sub-records to a user, replacing those of the same id (row 62).
fn add_sub_records(checks: &mut Checks<'_>, user: &mut User, entry: &Entry) -> Result<(), ApiError> {
    for record in &entry.identifiers {
        let identifier = checks.identifier(record)?;
        user.identifiers.retain(|kept| kept.id != identifier.id);
        user.identifiers.push(identifier);
    }
    for record in &entry.addresses {
        let address = checks.address(record)?;
        user.addresses.retain(|kept| kept.id != address.id);
        user.addresses.push(address);
    }
    for record in &entry.credentials {
        let credential = checks.credential(record)?;
        user.credentials.retain(|kept| kept.id != credential.id);
        user.credentials.push(credential);
    }
    user.identifiers.shrink_to_fit();
    user.addresses.shrink_to_fit();
    user.credentials.shrink_to_fit();
    Ok(())
}

/// Row 62: a sub-record replaces the one of the same id, even of another user, who loses it.
fn detach(state: &mut State, call: &Call, transaction: &mut Transaction, pool_id: &str, user: &User) {
    let identifiers = user.identifiers.iter().map(|it| (SubRecord::Identifier, &it.id));
    let addresses = user.addresses.iter().map(|it| (SubRecord::Address, &it.id));
    let credentials = user.credentials.iter().map(|it| (SubRecord::Credential, &it.id));
    for (kind, id) in identifiers.chain(addresses).chain(credentials) {
        let Some(pool) = state.pools.get(pool_id) else {
            return;
        };
        let owner = pool.users.owner(kind, id).filter(|owner| **owner != user.id);
        let Some(mut other) = owner.and_then(|owner| pool.users.get(owner)).cloned() else {
            continue;
        };
        match kind {
            SubRecord::Identifier => other.identifiers.retain(|it| it.id != *id),
            SubRecord::Address => other.addresses.retain(|it| it.id != *id),
            SubRecord::Credential => other.credentials.retain(|it| it.id != *id),
        }
        other.revision = state.next_revision();
        transaction.put_user(state, call, pool_id, other);
    }
}

/// Row 68.
fn unknown_pool(call: &Call) -> ApiError {
    ApiError::refusal(*call.switches.import_unknown_pool, "The pool does not exist")
}
