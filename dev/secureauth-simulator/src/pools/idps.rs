//! `GET /api/system/{tid}/pools/{ipID}/idps`: the identity providers of a pool (row 110).

use serde_json::{Value, json};

use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::switches::choices::UnknownPool;

pub(super) fn list(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let id = call.param("ipID");
    let Some(pool) = state.pools.live(id) else {
        return match *call.switches.idps_of_unknown_pool {
            UnknownPool::NotFound => Err(ApiError::not_found("Pool")),
            UnknownPool::Empty => Ok(Reply::json(200, &json!({ "idps": [] }))),
        };
    };
    // The simulator creates providers in the pool's own workspace only.
    let idps: Vec<Value> = state
        .idps
        .of_workspace(pool.text("workspace_id"))
        .filter(|idp| idp.pool_id == id)
        .map(|idp| idp.response(&state.tenant, &call.switches))
        .collect();
    Ok(Reply::json(200, &json!({ "idps": idps })).etag(pool.head.revision))
}
