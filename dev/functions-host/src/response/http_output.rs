//! Turns the value of an `http` output into the answer to the caller (S24).

use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::json::{Members, Node, text_of};

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
    pub(crate) fn from_output(value: Option<&Node>) -> Result<Self, String> {
        match value {
            None => Ok(Self::new(StatusCode::OK, HeaderMap::new(), Some("{}".to_owned()))),
            Some(Node::Object(response)) => Self::from_object(response),
            Some(Node::Text(text)) => match serde_json::from_str(text) {
                Ok(Node::Object(response)) => Self::from_object(&response),
                _ => Err(NOT_A_RESPONSE.to_owned()),
            },
            Some(_) => Err(NOT_A_RESPONSE.to_owned()),
        }
    }

    fn from_object(response: &Members) -> Result<Self, String> {
        let body = match response.get_ignoring_case("body") {
            None | Some(Node::Null) => None,
            Some(value) => Some(text_of(value)),
        };
        let headers = match response.get_ignoring_case("headers") {
            Some(Node::Object(headers)) => header_map(headers)?,
            None | Some(Node::Null) => HeaderMap::new(),
            Some(_) => return Err(NOT_A_RESPONSE.to_owned()),
        };
        let status = status(response.get_ignoring_case("statusCode"))?;
        Ok(Self::new(status, headers, body))
    }

    fn new(status: StatusCode, mut headers: HeaderMap, body: Option<String>) -> Self {
        headers.remove(CONTENT_LENGTH);
        if body.is_some() && !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        }
        Self { status, headers, body }
    }
}

/// The status: a number or a numeric string; anything else is 200.
fn status(value: Option<&Node>) -> Result<StatusCode, String> {
    let code = match value {
        Some(Node::Number(number)) => number.as_u64(),
        Some(Node::Text(text)) => text.trim().parse().ok(),
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

/// The headers, with values printed as .NET's `ToString()` does. Null is an error, and so are containers, because their
/// text has line breaks.
fn header_map(headers: &Members) -> Result<HeaderMap, String> {
    headers
        .iter()
        .map(|(name, value)| {
            if value.is_null() {
                return Err(format!("the header {name} is null"));
            }
            let header = HeaderName::try_from(name).map_err(|_| format!("{name:?} is not a header name"))?;
            let value =
                HeaderValue::try_from(text_of(value)).map_err(|_| format!("the header {name} is not one text"))?;
            Ok((header, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TEXT: &str = "text/plain; charset=utf-8";

    fn of(value: &Value) -> Result<HttpAnswer, String> {
        HttpAnswer::from_output(Some(&value.clone().into()))
    }

    fn answer(value: &Value) -> (u16, Option<String>, Option<String>) {
        let answer = of(value).unwrap();
        let content_type = answer.headers.get(CONTENT_TYPE);
        let content_type = content_type.map(|value| value.to_str().unwrap().to_owned());
        (answer.status.as_u16(), content_type, answer.body)
    }

    fn text(status: u16, body: &str) -> (u16, Option<String>, Option<String>) {
        (status, Some(TEXT.to_owned()), Some(body.to_owned()))
    }

    #[test]
    fn the_cases_of_the_hosts_own_tests_give_the_same_answers() {
        assert_eq!(answer(&json!({ "statusCode": "204" })), (204, None, None));
        assert_eq!(answer(&json!({})), (200, None, None));
        assert_eq!(answer(&json!({ "body": "hello" })), text(200, "hello"));
        assert_eq!(
            answer(&json!({ "body": "hello", "statusCode": "300" })),
            text(300, "hello")
        );
        let with_headers = json!({ "body": "hello", "headers": { "header1": "value1", "header2": 2 } });
        let with_headers = of(&with_headers).unwrap();
        assert_eq!(with_headers.headers["header1"], "value1");
        assert_eq!(with_headers.headers["header2"], "2");
        let not_a_response = of(&json!("SomeBlah"));
        assert_eq!(not_a_response, Err(NOT_A_RESPONSE.to_owned()));
    }

    #[test]
    fn a_missing_output_is_200_with_an_empty_object() {
        let answer = HttpAnswer::from_output(None).unwrap();
        assert_eq!((answer.status.as_u16(), answer.body.as_deref()), (200, Some("{}")));
    }

    #[test]
    fn only_a_numeric_status_code_counts() {
        for (response, status) in [
            (json!({ "status": 404 }), 200),
            (json!({ "statusCode": "many" }), 200),
            (json!({ "statusCode": null }), 200),
            (json!({ "STATUSCODE": 201 }), 201),
        ] {
            assert_eq!(answer(&response).0, status, "{response}");
        }
        assert!(of(&json!({ "statusCode": 20 })).is_err());
    }

    #[test]
    fn bodies_are_printed_as_dotnet_prints_them() {
        assert_eq!(answer(&json!({ "body": true })), text(200, "True"));
        assert_eq!(answer(&json!({ "body": 1.5 })), text(200, "1.5"));
        assert_eq!(answer(&json!({ "body": null })), (200, None, None));
        assert_eq!(
            answer(&json!({ "body": { "a": [1] } })),
            text(200, "{\n  \"a\": [\n    1\n  ]\n}")
        );
        let ordered = "{\"body\":{\"z\":\"2025-02-18T03:06:19.0Z\",\"a\":1}}";
        let written = "{\n  \"z\": \"2025-02-18T03:06:19Z\",\n  \"a\": 1\n}";
        assert_eq!(answer(&json!(ordered)), text(200, written));
        let typed = json!({ "body": "{}", "headers": { "Content-Type": "application/json" } });
        assert_eq!(answer(&typed).1.as_deref(), Some("application/json"));
    }

    #[test]
    fn a_string_that_holds_a_response_object_is_parsed() {
        assert_eq!(answer(&json!("{\"statusCode\":202,\"body\":\"x\"}")), text(202, "x"));
    }

    #[test]
    fn null_and_container_headers_are_errors() {
        for value in [json!(null), json!(["a", "b"]), json!({ "a": 1 })] {
            let response = json!({ "headers": { "x": value } });
            assert!(of(&response).is_err(), "{response}");
        }
        for value in [json!([]), json!(["x"]), json!(7), json!(true)] {
            assert!(of(&value).is_err(), "{value}");
        }
    }
}
