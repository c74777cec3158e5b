//! `DELETE /users/{userID}` (row 80).

use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::pools::find_live;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::record_id::RecordId;

pub(super) fn delete(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let mut state = app.state();
    let id = RecordId::from(call.param("userID"));
    let pool_id = find_live(&state, call)?.id().to_owned();
    let user = state.newest(&pool_id, &id);
    call.check_if_match(user.ok_or_else(|| ApiError::not_found("User"))?.revision)?;
    state.delete_user(call, &pool_id, &id);
    let server_id = state.pools.workspace_of(&pool_id).to_owned();
    let affected = Some((pool_id, Some(id.to_string())));
    state.record(call, Subject::User, Action::Deleted, &server_id, affected);
    Ok(Reply::empty(204))
}
