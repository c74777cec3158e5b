//! Decides what the handler's HTTP answer means (S20–S23).

use axum::http::StatusCode;

use crate::invocation::Failure;
use crate::json::{Members, Node};

/// A usable answer, or one that never completes the invocation.
#[derive(Debug)]
pub(crate) enum Decoded {
    Answer(HandlerAnswer),
    /// 2xx with an empty body or `null`.
    Nothing,
}

/// `{"Outputs":{…},"Logs":[…]}`
#[derive(Debug)]
pub(crate) struct HandlerAnswer {
    pub(crate) outputs: Members,
    pub(crate) logs: Vec<String>,
}

impl HandlerAnswer {
    /// The value for an output binding.
    pub(crate) fn output(&self, binding: &str) -> Option<&Node> {
        self.outputs.get(binding)
    }
}

pub(crate) fn decode(status: StatusCode, content_type: Option<&str>, body: &[u8]) -> Result<Decoded, Failure> {
    if !status.is_success() {
        return Err(Failure::Status(status));
    }
    if body.is_empty() {
        return Ok(Decoded::Nothing);
    }
    let media_type = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    if !["application/json", "text/json"]
        .iter()
        .any(|json| media_type.eq_ignore_ascii_case(json))
    {
        return Err(invalid(format!("the content type {media_type:?} is not JSON")));
    }
    // The host's JSON library reads an empty body, or white space alone, as null.
    if body.trim_ascii().is_empty() {
        return Ok(Decoded::Nothing);
    }
    match serde_json::from_slice(body) {
        Ok(Node::Null) => Ok(Decoded::Nothing),
        Ok(Node::Object(members)) => answer(members).map(Decoded::Answer),
        Ok(_) => Err(invalid("the body is not a JSON object".to_owned())),
        Err(error) => Err(invalid(format!("the body is not JSON: {error}"))),
    }
}

/// Reads the envelope. Names of members ignore case; unknown members are skipped.
fn answer(members: Members) -> Result<HandlerAnswer, Failure> {
    let mut answer = HandlerAnswer {
        outputs: Members::default(),
        logs: Vec::new(),
    };
    for (name, value) in members {
        match (name.to_ascii_lowercase().as_str(), value) {
            ("outputs" | "logs", Node::Null) => {}
            ("outputs", Node::Object(outputs)) => answer.outputs = outputs,
            ("logs", Node::List(logs)) => {
                answer.logs = logs.into_iter().map(log).collect::<Result<_, _>>()?;
            }
            ("outputs", _) => return Err(invalid("Outputs is not an object".to_owned())),
            ("logs", _) => return Err(invalid("Logs is not a list".to_owned())),
            _ => {}
        }
    }
    Ok(answer)
}

fn log(value: Node) -> Result<String, Failure> {
    match value {
        Node::Text(text) => Ok(text),
        _ => Err(invalid("Logs holds something else than strings".to_owned())),
    }
}

fn invalid(reason: String) -> Failure {
    Failure::InvalidResponse(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u64) -> Node {
        Node::Number(number.into())
    }

    fn decoded(content_type: Option<&str>, body: &str) -> Result<Decoded, Failure> {
        decode(StatusCode::OK, content_type, body.as_bytes())
    }

    #[test]
    fn a_json_object_of_a_json_type_is_an_answer() {
        for content_type in [
            "application/json",
            "text/json; charset=utf-8",
            "Application/JSON;charset=UTF-8",
        ] {
            assert!(
                matches!(decoded(Some(content_type), "{}"), Ok(Decoded::Answer(_))),
                "{content_type}"
            );
        }
    }

    #[test]
    fn no_body_and_null_never_end_an_invocation() {
        assert!(matches!(decoded(None, ""), Ok(Decoded::Nothing)));
        assert!(matches!(
            decoded(Some("application/json"), "null"),
            Ok(Decoded::Nothing)
        ));
        assert!(matches!(decoded(Some("application/json"), " \n"), Ok(Decoded::Nothing)));
        let no_content = decode(StatusCode::NO_CONTENT, None, b"");
        assert!(matches!(no_content, Ok(Decoded::Nothing)));
    }

    #[test]
    fn another_type_or_shape_is_invalid() {
        for (content_type, body) in [
            (None, "{}"),
            (Some("text/plain"), "{}"),
            (Some("application/problem+json"), "{}"),
            (Some("application/json"), "{"),
            (Some("application/json"), "[]"),
            (Some("application/json"), r#"{"Outputs":[]}"#),
            (Some("application/json"), r#"{"Logs":"one"}"#),
            (Some("application/json"), r#"{"Logs":[{}]}"#),
        ] {
            let failure = decoded(content_type, body).unwrap_err().to_string();
            assert!(failure.starts_with("Invalid HttpResponseMessage"), "{body}: {failure}");
        }
    }

    #[test]
    fn member_names_ignore_case_and_unknown_members_are_skipped() {
        let Ok(Decoded::Answer(answer)) = decoded(
            Some("application/json"),
            r#"{"outputs":{"res":1},"LOGS":["a"],"other":2,"ReturnValue":"r"}"#,
        ) else {
            panic!("no answer");
        };
        assert_eq!(answer.output("res"), Some(&number(1)));
        assert_eq!(answer.output("Res"), None);
        assert_eq!(answer.logs, ["a"]);
    }

    #[test]
    fn any_status_but_2xx_fails_with_the_text_of_the_host() {
        let failure = decode(StatusCode::INTERNAL_SERVER_ERROR, Some("application/json"), b"{}").unwrap_err();
        let text = "Response status code does not indicate success: 500 (Internal Server Error).";
        assert_eq!(failure.to_string(), text);
    }
}
