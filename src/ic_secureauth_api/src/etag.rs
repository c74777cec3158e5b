//! Entity tags and what they belong to (section 2.0).

use std::fmt;

use reqwest::header::HeaderValue;

/// An `etag` exactly as the server sent it, quotes included; goes back as `If-Match`.
#[derive(Clone, PartialEq, Eq)]
pub struct ETag(HeaderValue);

impl ETag {
    /// An entity tag that was stored elsewhere; `None` when it cannot be a header value.
    pub fn parse(text: &str) -> Option<Self> {
        HeaderValue::from_str(text).ok().map(Self)
    }

    /// The tag as text; `None` when the server sent bytes that are not visible ASCII.
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

/// A resource with the entity tag of the answer it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The resource.
    pub value: T,
    /// `None` when the answer carried no `etag`; a write is then sent without a precondition.
    pub etag: Option<ETag>,
}

impl<T> Versioned<T> {
    /// The same tag on what `change` makes of the resource.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Versioned<U> {
        Versioned {
            value: change(self.value),
            etag: self.etag,
        }
    }
}
