//! Turns the value of an `http` output into the answer to the caller (S24).

use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::json::{Members, Node, text_of};

/// Why an `http` output cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAnAnswer {
    #[error("Failed while trying to Deserialize to httpOutputBindingResponse")]
    Shape,
    #[error("{0}")]
    Refused(String),
}

/// What the caller of an HTTP function gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<String>,
}

impl HttpAnswer {
    /// Converts the value of an `http` output. A missing one is 200 with `{}`, but null is not missing.
    pub(crate) fn from_output(value: Option<&Node>) -> Result<Self, NotAnAnswer> {
        match value {
            None => Self::new(StatusCode::OK, HeaderMap::new(), Some("{}".to_owned())),
            Some(Node::Object(response)) => Self::from_object(response),
            Some(Node::Text(text)) => match serde_json::from_str(text) {
                Ok(Node::Object(response)) => Self::from_object(&response),
                _ => Err(NotAnAnswer::Shape),
            },
            Some(_) => Err(NotAnAnswer::Shape),
        }
    }

    fn from_object(response: &Members) -> Result<Self, NotAnAnswer> {
        let body = match response.get_ignoring_case("body") {
            None | Some(Node::Null) => None,
            Some(value) => Some(text_of(value)),
        };
        let headers = match response.get_ignoring_case("headers") {
            Some(Node::Object(headers)) => header_map(headers).map_err(NotAnAnswer::Refused)?,
            None | Some(Node::Null) => HeaderMap::new(),
            Some(_) => return Err(NotAnAnswer::Shape),
        };
        let status = status(response.get_ignoring_case("statusCode")).map_err(NotAnAnswer::Refused)?;
        Self::new(status, headers, body)
    }

    fn new(status: StatusCode, mut headers: HeaderMap, body: Option<String>) -> Result<Self, NotAnAnswer> {
        let length = body.as_ref().map_or(0, String::len);
        // The host's server refuses to write a body there (S36).
        if length > 0 && matches!(status.as_u16(), 204 | 205 | 304) {
            let refused = format!("an answer with the status {} has no body", status.as_u16());
            return Err(NotAnAnswer::Refused(refused));
        }
        // The length is sent as given, and the host's server then notices that the body has another one (S37).
        if let Some(given) = headers.get(CONTENT_LENGTH)
            && given != length.to_string().as_str()
        {
            let refused = format!("the body has {length} bytes, and not the given Content-Length");
            return Err(NotAnAnswer::Refused(refused));
        }
        if body.is_some() && !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        }
        Ok(Self { status, headers, body })
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
/// text has line breaks. Of names that differ in case only, the first counts, of content types the last (S38).
fn header_map(headers: &Members) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        if *value == Node::Null {
            return Err(format!("the header {name} is null"));
        }
        let header = HeaderName::try_from(name).map_err(|_| format!("{name:?} is not a header name"))?;
        if header != CONTENT_TYPE && map.contains_key(&header) {
            continue;
        }
        let value = HeaderValue::try_from(text_of(value)).map_err(|_| format!("the header {name} is not one text"))?;
        map.insert(header, value);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TEXT: &str = "text/plain; charset=utf-8";

    fn of(value: &Value) -> Result<HttpAnswer, NotAnAnswer> {
        HttpAnswer::from_output(Some(&serde_json::from_value(value.clone()).unwrap()))
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
        assert_eq!(not_a_response, Err(NotAnAnswer::Shape));
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
    }

    #[test]
    fn an_output_that_is_there_and_no_object_is_an_error_and_so_is_null() {
        for value in [
            json!(null),
            json!([]),
            json!(["x"]),
            json!(7),
            json!(true),
            json!("null"),
            json!(""),
        ] {
            assert_eq!(of(&value), Err(NotAnAnswer::Shape), "{value}");
        }
    }

    #[test]
    fn a_text_that_looks_like_a_date_is_written_anew_in_body_and_headers() {
        let date = "2025-02-18T03:06:19.5Z";
        let dated = of(&json!({ "headers": { "x": date, "y": "2025-02-18" }, "body": date })).unwrap();
        assert_eq!(dated.body.as_deref(), Some("02/18/2025 03:06:19"));
        assert_eq!(dated.headers["x"], "02/18/2025 03:06:19");
        assert_eq!(dated.headers["y"], "2025-02-18");
        let inside = json!({ "body": format!("{{\"at\":\"{date}\"}}") });
        assert_eq!(answer(&inside), text(200, &format!("{{\"at\":\"{date}\"}}")));
    }

    #[test]
    fn a_status_without_a_body_fails_with_one() {
        for status in [204, 205, 304] {
            let with = of(&json!({ "statusCode": status, "body": "x" }));
            assert!(matches!(with, Err(NotAnAnswer::Refused(_))), "{status}");
            for body in [json!(""), json!(null)] {
                let without = json!({ "statusCode": status, "body": body });
                assert_eq!(answer(&without).0, status, "{without}");
            }
        }
    }

    #[test]
    fn a_given_content_length_is_sent_and_has_to_be_right() {
        let of_length = |length: &str| of(&json!({ "headers": { "content-length": length }, "body": "abc" }));
        assert_eq!(of_length("3").unwrap().headers[CONTENT_LENGTH], "3");
        for wrong in ["2", "4", "x"] {
            assert!(matches!(of_length(wrong), Err(NotAnAnswer::Refused(_))), "{wrong}");
        }
    }

    #[test]
    fn of_headers_that_differ_in_case_the_first_counts_and_the_last_content_type() {
        let text =
            r#"{"headers":{"X-A":"1","x-a":"2","Content-Type":"text/html","content-type":"text/xml"},"body":""}"#;
        let answer = of(&json!(text)).unwrap();
        assert_eq!(answer.headers["x-a"], "1");
        assert_eq!(answer.headers.get_all("x-a").iter().count(), 1);
        assert_eq!(answer.headers[CONTENT_TYPE], "text/xml");
    }
}
