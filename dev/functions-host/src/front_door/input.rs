//! Turns a received request into the input of an HTTP trigger (S16).

use axum::http::header::{CONTENT_LENGTH, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use url::form_urlencoded;

use super::headers::spelling;
use crate::envelope::{HttpInput, Identity};
use crate::invocation::TraceContext;
use crate::routing::RouteValues;

/// The input for a request. A body counts only with a positive `Content-Length`; one sent in chunks is lost, as in the
/// real host.
pub(crate) fn http_input(parts: &Parts, body: Vec<u8>, params: RouteValues, identity: Identity) -> HttpInput {
    let content_length = text(&parts.headers, CONTENT_LENGTH.as_str()).and_then(|length| length.parse::<u64>().ok());
    HttpInput {
        url: url(&parts.uri, &parts.headers),
        method: parts.method.to_string(),
        query: query(&parts.uri),
        headers: headers(&parts.headers),
        params,
        identity,
        body: content_length.is_some_and(|length| length > 0).then_some(body),
    }
}

/// Query members in their order; repeated names, in any case, are joined with commas.
pub(crate) fn query(uri: &Uri) -> Vec<(String, String)> {
    let mut members: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        match members.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            Some((_, joined)) => {
                joined.push(',');
                joined.push_str(&value);
            }
            None => members.push((name.into_owned(), value.into_owned())),
        }
    }
    members
}

/// The caller's trace, if it sent one.
pub(crate) fn caller_trace(headers: &HeaderMap) -> Option<TraceContext> {
    TraceContext::from_caller(text(headers, "traceparent")?, text(headers, "tracestate"))
}

fn url(uri: &Uri, headers: &HeaderMap) -> String {
    let host = text(headers, HOST.as_str()).unwrap_or("localhost");
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    format!("http://{host}{path}")
}

fn headers(headers: &HeaderMap) -> Vec<(String, Vec<String>)> {
    headers
        .keys()
        .map(|name| {
            let values = headers.get_all(name).iter();
            let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            (spelling(name.as_str()).to_owned(), values.collect())
        })
        .collect()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
