//! The answer of an operation before it is an HTTP response.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::errors::ApiError;
use crate::switches::Switches;

/// Status, headers and body. Cheap to clone, because the idempotency store keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
    /// Added to the time the answer takes (slow imports, row 64).
    pub(crate) slow: Duration,
}

impl Reply {
    /// A JSON answer.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let mut reply = Self::empty(status);
        // Serializing cannot fail: keys are texts and numbers are finite.
        reply.body = Bytes::from(serde_json::to_vec(body).unwrap_or_default());
        reply.header("content-type", "application/json".to_owned())
    }

    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            slow: Duration::ZERO,
        }
    }

    /// An HTML page, as gateways answer (row 9).
    pub(crate) fn html(status: u16, title: &str) -> Self {
        let mut reply = Self::empty(status);
        reply.body = Bytes::from(format!("<html><body><h1>{status} {title}</h1></body></html>"));
        reply.header("content-type", "text/html".to_owned())
    }

    /// A refusal (row 9).
    pub(crate) fn error(error: &ApiError, switches: &Switches, turn: u64) -> Self {
        let reply = Self::json(error.status, &error.body(*switches.error_details, turn));
        match &error.retry_after {
            Some(after) => reply.header("retry-after", after.clone()),
            None => reply,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds the `etag` of a revision (row 10).
    pub(crate) fn etag(self, revision: u64) -> Self {
        self.header("etag", etag(revision))
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(present, _)| *present == name)
    }

    /// The response on the wire.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
            .headers_mut()
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        response
    }
}

/// The etag of a revision.
pub(crate) fn etag(revision: u64) -> String {
    format!("\"{revision:016x}\"")
}
