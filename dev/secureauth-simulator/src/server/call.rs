//! One request to an operation, with its body.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use time::OffsetDateTime;

use super::reply::etag;
use crate::app::App;
use crate::errors::ApiError;
use crate::faults::PartialUsers;
use crate::switches::Switches;
use crate::switches::choices::{StaleIfMatch, UnknownFields};

/// The request as handlers receive it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) path: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) switches: Arc<Switches>,
    pub(crate) now: OffsetDateTime,
    /// The client the token was issued to; empty before authentication.
    pub(crate) client_id: String,
    /// Id of this call's trace, in `x-trace-id` and in audit events.
    pub(crate) trace_id: String,
    /// A lag fault: how long reads do not show the effect of this call.
    pub(crate) lag: Option<Duration>,
    /// A partial-import fault: how many users are applied before the 500.
    pub(crate) partial_import: Option<PartialUsers>,
    /// Seeds only: the user is made by just-in-time provisioning.
    pub(crate) jit: bool,
}

impl Call {
    /// A call of the simulator itself, for seeds: all switches have their defaults, and there is no lag.
    pub(crate) fn internal(app: &App, body: &serde_json::Value) -> Self {
        Self {
            path: Vec::new(),
            query: Vec::new(),
            uri: Uri::from_static("/admin/seed"),
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_string()),
            switches: Arc::new(Switches::default()),
            now: app.now(),
            client_id: "simulator".to_owned(),
            trace_id: String::new(),
            lag: Some(Duration::ZERO),
            partial_import: None,
            jit: false,
        }
    }

    /// A path parameter. Every route has its parameters, so an absent one is empty.
    pub(crate) fn param(&self, name: &str) -> &str {
        find(&self.path, name).unwrap_or_default()
    }

    /// A query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A query parameter that is `true`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.query(name) == Some("true")
    }

    /// A request header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Row 14: a read with `If-Match` does not lag.
    pub(crate) fn wants_fresh(&self) -> bool {
        self.headers.contains_key("if-match")
    }

    /// Row 14: a stale `If-Match` on a write is refused with 412.
    pub(crate) fn check_if_match(&self, revision: u64) -> Result<(), ApiError> {
        let Some(condition) = self.header("if-match") else {
            return Ok(());
        };
        let current = etag(revision);
        let matches = condition
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == "*" || tag == current);
        if matches || *self.switches.stale_if_match == StaleIfMatch::Ignored {
            return Ok(());
        }
        Err(ApiError::new(412, "The resource has changed"))
    }

    /// Parses the body. Text that is not JSON is malformed; JSON of another shape is an invalid value (row 24).
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(|error| match error.classify() {
            Category::Data => {
                ApiError::refusal(*self.switches.invalid_value, "A member of the body has the wrong type")
            }
            Category::Syntax | Category::Eof | Category::Io => {
                ApiError::refusal(*self.switches.malformed_json, "The body is not JSON")
            }
        })
    }

    /// Parses the body. Refuses members outside `known` if the switch says so (row 16).
    pub(crate) fn json_of<T: DeserializeOwned>(&self, known: &[&str]) -> Result<T, ApiError> {
        if *self.switches.unknown_fields == UnknownFields::Refused {
            let members: serde_json::Map<String, serde_json::Value> = self.json()?;
            refuse_unknown(&members, known)?;
        }
        self.json()
    }
}

/// Refuses the first member outside `known` (row 16).
pub(crate) fn refuse_unknown(
    members: &serde_json::Map<String, serde_json::Value>,
    known: &[&str],
) -> Result<(), ApiError> {
    match members.keys().find(|member| !known.contains(&member.as_str())) {
        Some(member) => Err(ApiError::bad_request(format!("Unknown member `{member}`"))),
        None => Ok(()),
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}
