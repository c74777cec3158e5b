//! `PUT /api/identity/{tid}/configuration` (rows 60, 61, 64, 75 to 77).

use std::time::Duration;

use serde_json::{Value, json};

use super::apply::apply;
use super::entries::{Entries, Entry};
use super::records::Dump;
use super::transaction::Transaction;
use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::faults::PartialUsers;
use crate::pools::put_imported;
use crate::schemas::put_schema;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::State;
use crate::switches::choices::{FailingImport, ModeParameter, Over100};

/// Most users per request that the vendor recommends.
const BATCH: usize = 100;

pub(crate) fn import(app: &App, call: &Call) -> Result<Reply, ApiError> {
    if *call.switches.import_mode_parameter == ModeParameter::Refused && call.query("mode").is_some() {
        return Err(ApiError::bad_request("There is no parameter mode"));
    }
    let mut dump = Dump::of(call)?;
    let excess = dump.users.as_ref().map_or(0, Vec::len).saturating_sub(BATCH);
    let slow = match *call.switches.import_over_100 {
        Over100::TooLarge if excess > 0 => return Err(ApiError::new(413, "More than 100 users")),
        Over100::Unprocessable if excess > 0 => {
            return Err(ApiError::unprocessable("More than 100 users"));
        }
        _ => Duration::from_millis(*call.switches.import_slow_ms_per_user)
            .saturating_mul(u32::try_from(excess).unwrap_or(u32::MAX)),
    };
    let entries = put_together(&mut dump);
    let mut state = app.state();
    let workspace = workspace_of(&state, &entries);
    let mut transaction = Transaction::default();
    let outcome = write(&mut state, call, &mut transaction, dump, entries);
    let action = if outcome.is_ok() {
        Action::Succeeded
    } else {
        Action::Failed
    };
    if let Err(failure) = &outcome
        && !failure.partial
        && *call.switches.failing_import == FailingImport::Nothing
    {
        transaction.roll_back(&mut state, call);
    } else {
        transaction.settle(&mut state, call);
    }
    state.record(call, Subject::Import, action, &workspace, None);
    outcome.map_err(|failure| failure.error)?;
    let mut reply = Reply::empty(204);
    reply.slow = slow;
    Ok(reply)
}

/// Why an import stopped.
#[derive(Debug)]
struct Failure {
    error: ApiError,
    /// A fault stopped it. What it wrote stays.
    partial: bool,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self { error, partial: false }
    }
}

fn put_together(dump: &mut Dump) -> Vec<Entry> {
    let mut entries = Entries::new(dump.users.take().unwrap_or_default());
    for record in dump.user_identifiers.take().unwrap_or_default() {
        entries.of(record.common.user_id.as_deref()).identifiers.push(record);
    }
    for record in dump.user_verifiable_addresses.take().unwrap_or_default() {
        entries.of(record.common.user_id.as_deref()).addresses.push(record);
    }
    for record in dump.user_credentials.take().unwrap_or_default() {
        entries.of(record.common.user_id.as_deref()).credentials.push(record);
    }
    entries.into_list()
}

/// The workspace of the audit event: that of the first user's pool.
fn workspace_of(state: &State, entries: &[Entry]) -> String {
    let pool = entries
        .first()
        .and_then(|entry| entry.user.as_ref()?.user_pool_id.as_deref());
    state.pools.workspace_of(pool.unwrap_or_default()).to_owned()
}

/// Writes schemas and pools (row 76), then user by user.
fn write(
    state: &mut State,
    call: &Call,
    transaction: &mut Transaction,
    dump: Dump,
    entries: Vec<Entry>,
) -> Result<(), Failure> {
    for schema in dump.schemas.unwrap_or_default() {
        let (id, before) = put_schema(state, call, schema)?;
        transaction.wrote_schema(id, before);
    }
    for pool in dump.pools.unwrap_or_default() {
        let (id, before) = put_imported(state, call, pool)?;
        transaction.wrote_pool(id, before);
    }
    for group in dump.groups.unwrap_or_default() {
        let id = match group.get("id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => state.random.hex_id(),
        };
        let before = state.groups.insert(id.clone(), Value::Object(group));
        transaction.wrote_group(id, before);
    }
    let allowed = match call.partial_import {
        None => usize::MAX,
        Some(PartialUsers::Half) => entries.len() / 2,
        Some(PartialUsers::First(users)) => users,
    };
    for (index, entry) in entries.into_iter().enumerate() {
        if index == allowed {
            let error = ApiError::new(500, "The import stopped");
            return Err(Failure { error, partial: true });
        }
        let record = json!({ "record": entry.name() });
        apply(state, call, transaction, entry).map_err(|error| {
            if call.switches.import_error_names_record.is_on() {
                error.with_details(record)
            } else {
                error
            }
        })?;
    }
    match call.partial_import {
        Some(_) => Err(Failure {
            error: ApiError::new(500, "The import stopped"),
            partial: true,
        }),
        None => Ok(()),
    }
}
