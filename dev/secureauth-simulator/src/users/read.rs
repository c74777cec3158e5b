//! `GET /users/{userID}` (rows 15 and 80).

use super::view::{Place, UserWithData};
use crate::app::App;
use crate::errors::ApiError;
use crate::pools::find_live;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::record_id::RecordId;

pub(super) fn get(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let pool = find_live(&state, call)?;
    let id = RecordId::from(call.param("userID"));
    let user = pool
        .users
        .read(call.now, &id, call.wants_fresh())
        .ok_or_else(|| ApiError::not_found("User"))?;
    let place = Place {
        tenant: &state.tenant,
        pool_id: pool.id(),
    };
    Ok(Reply::json(200, &UserWithData::new(place, user)).etag(user.revision))
}
