//! The HTTP output object (S24, reference 3.4).

use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::dotnet::text_of;

const NOT_A_RESPONSE: &str = "Failed while trying to Deserialize to httpOutputBindingResponse";

/// What the caller of an HTTP function gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<String>,
}

impl HttpAnswer {
    /// Converts the value of an `http` output. A missing one is 200 with `{}`.
    pub(crate) fn from_output(value: Option<&Value>) -> Result<Self, String> {
        match value {
            None => Self::new(StatusCode::OK, HeaderMap::new(), Some("{}".to_owned())),
            Some(Value::Object(response)) => Self::from_object(response),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Object(response)) => Self::from_object(&response),
                _ => Err(NOT_A_RESPONSE.to_owned()),
            },
            Some(_) => Err(NOT_A_RESPONSE.to_owned()),
        }
    }

    fn from_object(response: &Map<String, Value>) -> Result<Self, String> {
        let body = match member(response, "body") {
            None | Some(Value::Null) => None,
            Some(value) => Some(text_of(value)),
        };
        let headers = match member(response, "headers") {
            Some(Value::Object(headers)) => header_map(headers)?,
            None | Some(Value::Null) => HeaderMap::new(),
            Some(_) => return Err(NOT_A_RESPONSE.to_owned()),
        };
        Self::new(status(member(response, "statusCode"))?, headers, body)
    }

    fn new(
        status: StatusCode,
        mut headers: HeaderMap,
        body: Option<String>,
    ) -> Result<Self, String> {
        headers.remove(CONTENT_LENGTH);
        if body.is_some() && !headers.contains_key(CONTENT_TYPE) {
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("text/plain; charset=utf-8"),
            );
        }
        Ok(Self {
            status,
            headers,
            body,
        })
    }
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// A number or a numeric string; anything else is 200.
fn status(value: Option<&Value>) -> Result<StatusCode, String> {
    let code = match value {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    match code {
        None => Ok(StatusCode::OK),
        Some(code) => u16::try_from(code)
            .ok()
            .and_then(|code| StatusCode::from_u16(code).ok())
            .ok_or_else(|| format!("{code} is not an HTTP status")),
    }
}

/// Values by `.ToString()`: null is an error, containers give line breaks, which no header may hold.
fn header_map(headers: &Map<String, Value>) -> Result<HeaderMap, String> {
    headers
        .iter()
        .map(|(name, value)| {
            if value.is_null() {
                return Err(format!("the header {name} is null"));
            }
            let header = HeaderName::try_from(name.as_str())
                .map_err(|_| format!("{name:?} is not a header name"))?;
            let value = HeaderValue::try_from(text_of(value))
                .map_err(|_| format!("the header {name} is not one text"))?;
            Ok((header, value))
        })
        .collect()
}
