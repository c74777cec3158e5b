//! `DELETE /api/system/{tid}/pools/{ipID}/tokens`: ends the sessions of users (row 103).

use serde::Deserialize;

use crate::app::App;
use crate::errors::ApiError;
use crate::pools::find_live;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::record_id::RecordId;
use crate::switches::choices::RevokeUnknownUser;

/// `RevokeTokensByPoolRequest`.
#[derive(Debug, Deserialize)]
struct Request {
    users: Vec<String>,
}

pub(super) fn revoke(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let Request { users } = call.json_of(&["users"])?;
    if !(1..=100).contains(&users.len()) {
        return Err(ApiError::unprocessable("users takes 1 to 100 ids"));
    }
    let mut state = app.state();
    let pool = find_live(&state, call)?;
    let ids: Vec<RecordId> = users.iter().map(|id| RecordId::from(id.as_str())).collect();
    let is_known = |id: &RecordId| pool.users.get(id).is_some();
    if !ids.iter().all(is_known) && *call.switches.revoke_unknown_user == RevokeUnknownUser::NotFound {
        return Err(ApiError::not_found("User"));
    }
    for id in &ids {
        state.pools.end_sessions(call.param("ipID"), id);
    }
    Ok(Reply::empty(204))
}
