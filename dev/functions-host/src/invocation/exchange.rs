//! Sends a request to the handler (S15) and reads its answer.

use std::convert::Infallible;

use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use uuid::Uuid;

use super::failure::Failure;
use crate::journal::{HandlerExchange, Journal};
use crate::response::{Decoded, decode};
use crate::worker::Ready;

/// The host version the stand-in presents itself as.
pub(crate) const HOST_VERSION: &str = "4.1052.200.0";

/// The parts of a request that differ between invocations.
pub(crate) struct Exchange<'a> {
    pub(crate) function: &'a str,
    pub(crate) invocation_id: Uuid,
    pub(crate) traceparent: String,
    pub(crate) tracestate: Option<&'a str>,
    pub(crate) envelope: String,
    /// Where request and answer are kept.
    pub(crate) kept_in: Option<&'a Journal>,
}

impl Exchange<'_> {
    /// Posts the envelope to `/<function>` and decodes the answer.
    pub(crate) async fn run(self, handler: &Ready) -> Result<Decoded, Failure> {
        let kept = self.kept_in.map(|journal| (journal, self.envelope.clone()));
        let chunk = futures_util::stream::iter([Ok::<_, Infallible>(self.envelope)]);
        let mut request = handler
            .client
            .post(format!("{}/{}", handler.base_url, self.function))
            .header("X-Azure-Functions-HostVersion", HOST_VERSION)
            .header("X-Azure-Functions-InvocationId", self.invocation_id.to_string())
            .header(USER_AGENT, format!("Azure-Functions-Host/{HOST_VERSION}"))
            .header("traceparent", self.traceparent)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(reqwest::Body::wrap_stream(chunk));
        if let Some(state) = self.tracestate {
            request = request.header("tracestate", state);
        }
        let response = request.send().await.map_err(|error| connection(&error))?;
        let status = response.status();
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let body = response.bytes().await.map_err(|error| connection(&error))?;
        if let Some((journal, envelope)) = kept {
            journal.exchange(HandlerExchange {
                function: self.function.to_owned(),
                envelope,
                status: status.as_u16(),
                content_type: content_type.clone().unwrap_or_default(),
                answer: String::from_utf8_lossy(&body).into_owned(),
            });
        }
        decode(status, content_type.as_deref(), &body)
    }
}

/// A failed connection with all its causes, because the outermost error says only that sending failed.
fn connection(error: &reqwest::Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    Failure::Connection(text)
}
