//! `GET /{tid}/system/.well-known/openid-configuration` (docs/reference/secureauth-api.md#access).

use serde_json::json;

use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;

#[expect(clippy::unnecessary_wraps, reason = "the signature of every operation")]
pub(super) fn describe(_: &App, call: &Call) -> Result<Reply, ApiError> {
    let host = call.header("host").unwrap_or("localhost");
    let issuer = format!("http://{host}/{}/system", call.param("tid"));
    Ok(Reply::json(
        200,
        &json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}/oauth2/token"),
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": crate::options::ALL_SCOPES,
        }),
    ))
}
