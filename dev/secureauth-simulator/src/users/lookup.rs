//! `POST /users/by_key` (row 80).

use serde::Deserialize;

use super::view::{Place, UserWithData};
use crate::app::App;
use crate::errors::ApiError;
use crate::pools::find_live;
use crate::server::call::Call;
use crate::server::reply::Reply;

/// `GetUserByKey`: one of the two.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Key {
    identifier: Option<String>,
    address: Option<String>,
}

pub(super) fn by_key(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let key: Key = call.json_of(&["identifier", "address"])?;
    let state = app.state();
    let pool = find_live(&state, call)?;
    let user = match (&key.identifier, &key.address) {
        (Some(identifier), None) => pool.users.by_identifier(identifier),
        (None, Some(address)) => pool.users.by_verified_address(address),
        _ => {
            return Err(ApiError::bad_request("Either identifier or address is required"));
        }
    };
    let user = user.ok_or_else(|| ApiError::not_found("User"))?;
    let place = Place {
        tenant: &state.tenant,
        pool_id: pool.id(),
    };
    Ok(Reply::json(200, &UserWithData::new(place, user)).etag(user.revision))
}
