//! One request to the storage account.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method, StatusCode};
use time::OffsetDateTime;
use url::Url;

use super::connection::StorageAccount;
use super::signature::{self, API_VERSION, authorization};
use crate::clock::{Clock, system_clock};
use crate::queue::service::QueueError;

/// The account itself gives up after 30 s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(35);
/// Azurite closes a connection that nobody used for 5 s. A request on a connection that is just being closed would fail.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// Sends signed requests.
#[derive(Clone)]
pub(super) struct Requests {
    account: StorageAccount,
    client: Client,
    clock: Clock,
}

/// An answer with a status of success.
pub(super) struct Answer {
    headers: reqwest::header::HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What a request is about; errors name it.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) queue: &'a str,
    /// The id of the message, or nothing.
    pub(super) message: &'a str,
    /// The length of the message's text.
    pub(super) length: usize,
}

impl<'a> About<'a> {
    pub(super) fn queue(queue: &'a str) -> Self {
        Self {
            queue,
            message: "",
            length: 0,
        }
    }
}

impl Requests {
    pub(super) fn new(account: StorageAccount) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .no_proxy()
            .timeout(REQUEST_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build()?;
        Ok(Self {
            account,
            client,
            clock: system_clock(),
        })
    }

    /// Sends one request. An answer outside 2xx is an error.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: String,
        about: About<'_>,
    ) -> Result<Answer, QueueError> {
        let url = self.url(path, query)?;
        let now: OffsetDateTime = (self.clock)();
        let date = httpdate::fmt_http_date(now.into());
        let authorization = authorization(&self.account, method.as_str(), &url, &body, &date);
        let mut request = self
            .client
            .request(method, url)
            .header("x-ms-date", date)
            .header("x-ms-version", API_VERSION)
            .header(AUTHORIZATION, authorization);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, signature::CONTENT_TYPE).body(body);
        }
        let response = request.send().await.map_err(unavailable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = Answer {
            headers,
            body: response.text().await.map_err(unavailable)?,
        };
        if status.is_success() {
            return Ok(answer);
        }
        Err(refused(
            status,
            answer.header("x-ms-error-code").unwrap_or_default(),
            about,
        ))
    }

    fn url(&self, path: &[&str], query: &[(&str, String)]) -> Result<Url, QueueError> {
        let endpoint = Url::parse(&self.account.endpoint);
        let mut url = endpoint.map_err(|error| QueueError::Unavailable(error.to_string()))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

/// The error that a code of the account means.
fn refused(status: StatusCode, code: &str, about: About<'_>) -> QueueError {
    match code {
        "QueueNotFound" => QueueError::QueueNotFound(about.queue.to_owned()),
        "MessageNotFound" => QueueError::MessageNotFound(about.message.to_owned()),
        "PopReceiptMismatch" => QueueError::PopReceiptMismatch(about.message.to_owned()),
        "RequestBodyTooLarge" | "MessageTooLarge" => QueueError::RequestBodyTooLarge(about.length),
        "InvalidResourceName" => QueueError::InvalidResourceName(about.queue.to_owned()),
        _ if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
            QueueError::Unavailable(format!("{status} {code}"))
        }
        // The answer to HEAD has no body, and some accounts leave the code out there.
        "" if status == StatusCode::NOT_FOUND => QueueError::QueueNotFound(about.queue.to_owned()),
        _ => QueueError::Refused(format!("{status} {code}")),
    }
}

/// The last cause is the one that says what happened.
fn unavailable(error: reqwest::Error) -> QueueError {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    QueueError::Unavailable(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_account_are_errors_of_the_queue() {
        let about = About {
            queue: "items",
            message: "7",
            length: 70_000,
        };
        let of = |status: u16, code| refused(StatusCode::from_u16(status).unwrap(), code, about);
        assert_eq!(of(404, "QueueNotFound"), QueueError::QueueNotFound("items".to_owned()));
        assert_eq!(of(404, "MessageNotFound"), QueueError::MessageNotFound("7".to_owned()));
        assert_eq!(
            of(400, "PopReceiptMismatch"),
            QueueError::PopReceiptMismatch("7".to_owned())
        );
        assert_eq!(of(413, "RequestBodyTooLarge"), QueueError::RequestBodyTooLarge(70_000));
        assert_eq!(of(404, ""), QueueError::QueueNotFound("items".to_owned()));
        assert!(matches!(of(503, "ServerBusy"), QueueError::Unavailable(_)));
        assert!(
            matches!(of(403, "AuthenticationFailed"), QueueError::Refused(text) if text.contains("AuthenticationFailed"))
        );
    }
}
