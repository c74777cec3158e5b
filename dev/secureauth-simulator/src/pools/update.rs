//! `PUT /system/pools/{ipID}`: keeps the members that the request leaves out.

use serde_json::{Map, Value};

use super::create::{check_name, check_request, put, text};
use super::find_live;
use super::mechanisms::check_mechanisms;
use crate::app::App;
use crate::audit::Action;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;

pub(super) fn update(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let mut request: Map<String, Value> = call.json()?;
    let mut state = app.state();
    let pool = find_live(&state, call)?;
    call.check_if_match(pool.head.revision)?;
    let settings = Value::Object(pool.head.settings.clone());
    let renamed = pool.text("name") != text(&request, "name");
    let workspace = pool.text("workspace_id").to_owned();
    check_request(&state, call, &request)?;
    check_mechanisms(&state, call, &settings, &request)?;
    if renamed {
        check_name(&state, call, text(&request, "name"), &workspace)?;
    }
    request.insert("id".to_owned(), call.param("ipID").into());
    let (body, revision) = put(&mut state, call, settings, request, Action::Updated)?;
    Ok(Reply::json(200, &body).etag(revision))
}
