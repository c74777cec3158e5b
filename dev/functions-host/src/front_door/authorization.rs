//! Function keys (S11). Without configured keys everything is open, as under Core Tools.

use axum::http::HeaderMap;

use crate::config::AuthLevel;
use crate::envelope::Identity;
use crate::options::Keys;

/// Who calls; `None` when the function's level asks for a key that was not sent.
pub(crate) fn authorize(
    keys: Option<&Keys>,
    level: AuthLevel,
    headers: &HeaderMap,
    code: Option<&str>,
) -> Option<Identity> {
    let Some(keys) = keys else {
        return Some(Identity::Anonymous);
    };
    let sent = headers
        .get("x-functions-key")
        .and_then(|value| value.to_str().ok())
        .or(code);
    let master = Identity::Key {
        level: "Admin",
        name: "master",
    };
    let function = Identity::Key {
        level: "Function",
        name: "default",
    };
    match (level, sent) {
        (_, Some(key)) if key == keys.master => Some(master),
        (AuthLevel::Function | AuthLevel::Anonymous, Some(key)) if key == keys.function => Some(function),
        (AuthLevel::Anonymous, _) => Some(Identity::Anonymous),
        _ => None,
    }
}
