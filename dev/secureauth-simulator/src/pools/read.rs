//! `GET /system/pools…` (rows 15, 49 and 50).

use serde_json::{Value, json};

use super::model::Pool;
use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::page::Page;
use crate::switches::choices::{UnknownWorkspace, UserCount};

pub(super) fn get(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let id = call.param("ipID");
    let absent = || ApiError::not_found("Pool");
    let head = state.pools.read(call.now, id, call.wants_fresh()).ok_or_else(absent)?;
    let body = match state.pools.get(id) {
        Some(pool) => shown(call, pool.response(head, call.now)),
        // The pool is deleted and the read lags. Its users are gone already.
        None => shown(call, Pool::without_users(head.clone()).response(head, call.now)),
    };
    Ok(Reply::json(200, &body).etag(head.revision))
}

pub(super) fn list(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let page = Page::<String>::of(call, "after_pool_id", "before_pool_id")?;
    let state = app.state();
    let rows = page.cut(state.pools.all(), |_, pool| is_wanted(call, pool));
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(_, pool)| shown(call, pool.response(&pool.head, call.now)))
        .collect();
    Ok(Reply::json(200, &json!({ "pools": rows })))
}

pub(super) fn list_of_workspace(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let page = Page::<String>::of(call, "after_pool_id", "before_pool_id")?;
    let state = app.state();
    let workspace = call.param("wid");
    if *call.switches.pools_of_unknown_workspace == UnknownWorkspace::NotFound && !state.workspace_exists(workspace) {
        return Err(ApiError::not_found("Workspace"));
    }
    let pools = state
        .pools
        .ids_of_workspace(workspace)
        .filter_map(|id| Some((id.clone(), state.pools.get(id)?)))
        .collect();
    let rows: Vec<_> = page
        .cut(&pools, |_, pool| is_wanted(call, pool))
        .into_iter()
        .map(|(_, pool)| shown(call, pool.response(&pool.head, call.now)))
        .collect();
    Ok(Reply::json(200, &json!({ "pools": rows })))
}

/// Row 49: shows the number of users, or leaves it out.
fn shown(call: &Call, mut pool: Value) -> Value {
    if *call.switches.user_count == UserCount::Absent
        && let Some(members) = pool.as_object_mut()
    {
        members.remove("number_of_users");
    }
    pool
}

/// `search_phrase`: the id, or part of the name in any case.
fn is_wanted(call: &Call, pool: &Pool) -> bool {
    call.query("search_phrase")
        .is_none_or(|phrase| pool.id() == phrase || pool.text("name").to_lowercase().contains(&phrase.to_lowercase()))
}
