//! What Key Vault asks for when it is busy: 429 with `Retry-After`.
//!
//! The client library waits as long as it is asked to. A wait beyond the deadline would end as a mere timeout, and the next
//! invocation would ask again: so such an answer ends the call at once, and the caller learns for how long not to ask.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::{AsyncRawResponse, HttpClient, Request, StatusCode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

const RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");

/// Longer waits are taken for this one.
const LONGEST: Duration = Duration::from_hours(1);

/// The vault asks not to be asked again for longer than the deadline.
#[derive(Debug, thiserror::Error)]
#[error("the vault asks for a wait of {0:?}")]
struct LongWait(Duration);

/// A transport that does not wait longer than the deadline.
#[derive(Debug)]
pub(super) struct Impatient {
    pub(super) inner: Arc<dyn HttpClient>,
    pub(super) deadline: Duration,
    /// For a `Retry-After` that is a date.
    pub(super) now: OffsetDateTime,
}

#[async_trait]
impl HttpClient for Impatient {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let response = self.inner.execute_request(request).await?;
        if response.status() == StatusCode::TooManyRequests
            && let Some(wait) = retry_after(response.headers(), self.now)
            && wait >= self.deadline
        {
            return Err(Error::new(ErrorKind::Other, LongWait(wait)));
        }
        Ok(response)
    }
}

/// `Retry-After` in seconds, or as a date.
fn retry_after(headers: &Headers, now: OffsetDateTime) -> Option<Duration> {
    let text = headers.get_optional_str(&RETRY_AFTER)?;
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => Duration::try_from(OffsetDateTime::parse(text, &Rfc2822).ok()? - now).unwrap_or_default(),
    };
    Some(wait.min(LONGEST))
}

/// `Retry-After` of a 429 that was the last attempt, or that asks for more than the deadline.
pub(super) fn asked_wait(source: &azure_core::Error, now: OffsetDateTime) -> Option<Duration> {
    if let ErrorKind::HttpResponse {
        status: StatusCode::TooManyRequests,
        raw_response: Some(response),
        ..
    } = source.kind()
    {
        return retry_after(response.headers(), now);
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(source);
    while let Some(error) = cause {
        if let Some(LongWait(after)) = error.downcast_ref() {
            return Some(*after);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date_and_at_most_an_hour() {
        let wait = |text: &'static str| {
            let mut headers = Headers::new();
            headers.insert(RETRY_AFTER, text);
            retry_after(&headers, datetime!(2026-11-27 10:00 UTC))
        };
        assert_eq!(wait("30"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Fri, 27 Nov 2026 10:00:05 GMT"), Some(Duration::from_secs(5)));
        assert_eq!(wait("Fri, 27 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("86400"), Some(LONGEST));
        assert_eq!(wait("soon"), None);
    }
}
