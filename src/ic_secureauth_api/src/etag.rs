//! Entity tags (docs/reference/secureauth-api.md#requests-etag-and-stale-reads).

use std::fmt;

use reqwest::header::HeaderValue;

/// An `etag` as the server sent it, with its quotes. The client sends it back as `If-Match`.
#[derive(Clone, PartialEq, Eq)]
pub struct ETag(HeaderValue);

impl ETag {
    /// A tag that the caller has stored; `None` when the text cannot be a header value.
    pub fn parse(text: &str) -> Option<Self> {
        HeaderValue::from_str(text).ok().map(Self)
    }

    /// `None` when the server sent bytes that are not visible ASCII.
    pub fn as_str(&self) -> Option<&str> {
        self.0.to_str().ok()
    }

    pub(super) fn from_header(value: &HeaderValue) -> Self {
        Self(value.clone())
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ETag").field(&self.0).finish()
    }
}

/// A resource with the entity tag of its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The resource as it was read.
    pub value: T,
    /// `None` when the answer had no `etag`. A write then has no precondition.
    pub etag: Option<ETag>,
}

impl<T> Versioned<T> {
    /// Changes the resource and keeps the tag.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Versioned<U> {
        Versioned {
            value: change(self.value),
            etag: self.etag,
        }
    }
}
