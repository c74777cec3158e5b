//! A request before its first attempt.

use reqwest::{
    Body, Method, Request,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MATCH},
};
use serde::Serialize;
use url::Url;

use super::super::{ApiError, CallContext, ETag, ErrorKind, IdempotencyKey, Operation};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("x-idempotency-key");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A request before its first attempt.
#[derive(Debug)]
pub(crate) struct Call {
    pub(super) operation: Operation,
    request: Request,
    /// True: repeat it only while the server remembers its idempotency key.
    pub(super) keyed: bool,
    pub(super) repeat: Repeat,
    /// Members of the body that can be left out if the server does not know them.
    pub(super) optional: Vec<String>,
}

/// After which failed attempt another one may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Any.
    Always,
    /// One that was answered: the server does not carry it out later.
    AfterAnswer,
    /// One that surely had no effect.
    WithoutEffect,
}

impl Repeat {
    pub(super) fn may_follow(self, kind: &ErrorKind) -> bool {
        match self {
            Self::Always => true,
            Self::AfterAnswer => kind.refusal().is_some() || !kind.may_have_had_an_effect(),
            Self::WithoutEffect => !kind.may_have_had_an_effect(),
        }
    }
}

impl Call {
    pub(crate) fn new(operation: Operation, method: Method, url: Url) -> Self {
        let mut request = Request::new(method, url);
        request.headers_mut().insert(ACCEPT, JSON);
        Self {
            operation,
            request,
            keyed: false,
            repeat: Repeat::Always,
            optional: Vec::new(),
        }
    }

    pub(crate) fn get(operation: Operation, url: Url) -> Self {
        Self::new(operation, Method::GET, url)
    }

    /// A JSON body.
    pub(crate) fn json(self, body: &impl Serialize) -> Result<Self, ApiError> {
        let bytes = serde_json::to_vec(body)
            .map_err(|_| ApiError::guard(self.operation, "the body cannot be written as JSON"))?;
        Ok(self.json_bytes(bytes))
    }

    /// A body that is JSON already.
    pub(crate) fn json_bytes(mut self, body: impl Into<Body>) -> Self {
        self.header(CONTENT_TYPE, Some(JSON));
        *self.request.body_mut() = Some(body.into());
        self
    }

    /// `If-Match`: the precondition of a write, or the oldest version that a read may return.
    pub(crate) fn if_match(mut self, etag: Option<&ETag>) -> Self {
        self.header(IF_MATCH, etag.map(ETag::header));
        self
    }

    /// `X-Idempotency-Key`.
    pub(crate) fn key(mut self, key: &IdempotencyKey) -> Self {
        self.header(IDEMPOTENCY_KEY, key.header());
        self.keyed = true;
        self
    }

    /// Names members of the body that can be left out, so that a refusal can tell which of them the server does not know.
    pub(crate) fn optional_members(mut self, names: Vec<String>) -> Self {
        self.optional = names;
        self
    }

    /// Makes no attempt after one without an answer, which may take effect later.
    pub(crate) fn repeated_after_answers(mut self) -> Self {
        self.repeat = Repeat::AfterAnswer;
        self
    }

    /// Makes no attempt after one that may have taken effect, so that the caller can look first.
    pub(crate) fn once(mut self) -> Self {
        self.repeat = Repeat::WithoutEffect;
        self
    }

    /// Adds the headers of the caller's context.
    pub(super) fn context(&mut self, context: &CallContext) {
        let visible = |text: &str| HeaderValue::from_str(text).ok().filter(|value| !value.is_empty());
        self.header(CORRELATION_ID, visible(&context.correlation_id));
        self.header(TRACEPARENT, context.traceparent.as_deref().and_then(visible));
    }

    /// A copy for one attempt. Never `None`, because bodies are in memory.
    pub(super) fn request(&self) -> Option<Request> {
        self.request.try_clone()
    }

    fn header(&mut self, name: HeaderName, value: Option<HeaderValue>) {
        let headers: &mut HeaderMap = self.request.headers_mut();
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
}
