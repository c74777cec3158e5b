//! A change of one user: precondition, conflicts, etag, audit event and answer (rows 90 to 96).

use super::conflicts::check_taken;
use super::model::User;
use super::view::Place;
use super::writes::Change;
use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::pools::{check_management, find_live};
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::State;
use crate::state::record_id::RecordId;
use crate::switches::choices::SubEntryEtag;

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Status, profile, metadata.
    Members,
    /// Identifiers or addresses.
    Entries,
}

/// Changes the user of the path. `plan` checks the request against the user as its accepted writes leave it; `None` leaves the user as
/// it is. `reply` answers with the result.
pub(super) fn change(
    app: &App,
    call: &Call,
    part: Part,
    plan: impl FnOnce(&mut State, &User) -> Result<Option<Change>, ApiError>,
    reply: impl FnOnce(Place<'_>, &User) -> Reply,
) -> Result<Reply, ApiError> {
    let mut state = app.state();
    let pool_id = find_live(&state, call)?.id().to_owned();
    let id = RecordId::from(call.param("userID"));
    let newest = state.newest(&pool_id, &id).cloned();
    let mut user = newest.ok_or_else(|| ApiError::not_found("User"))?;
    call.check_if_match(user.revision)?;
    check_management(&state, call, &pool_id)?;
    let planned = plan(&mut state, &user)?;
    let Some(planned) = planned else {
        let reply = reply(place(&state, &pool_id), &user);
        return Ok(reply.etag(user.revision));
    };
    let (revision, now) = (state.next_revision(), call.now);
    let is_seen_on_the_user = part == Part::Members || *call.switches.sub_entry_etag == SubEntryEtag::User;
    let change: Change = Box::new(move |user| {
        planned(user);
        if is_seen_on_the_user {
            user.revision = revision;
            user.updated_at = now;
        }
    });
    change(&mut user);
    if part == Part::Entries {
        check_taken(&state, call, &pool_id, &user)?;
    }
    let reply = reply(place(&state, &pool_id), &user).etag(revision);
    state.put_user(call, &pool_id, user, Some(change));
    let server_id = state.pools.workspace_of(&pool_id).to_owned();
    let affected = Some((pool_id, Some(id.to_string())));
    state.record(call, Subject::User, Action::Updated, &server_id, affected);
    Ok(reply)
}

fn place<'a>(state: &'a State, pool_id: &'a str) -> Place<'a> {
    Place {
        tenant: &state.tenant,
        pool_id,
    }
}
