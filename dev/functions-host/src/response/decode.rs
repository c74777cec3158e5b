//! The decision table for the handler's HTTP answer (S20–S23, reference 3.1 and 3.2).

use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::invocation::Failure;

/// A usable answer, or one that never completes the invocation.
#[derive(Debug)]
pub(crate) enum Decoded {
    Answer(HandlerAnswer),
    /// 2xx with an empty body or `null`.
    Nothing,
}

/// `{"Outputs":{…},"Logs":[…],"ReturnValue":…}`
#[derive(Debug, Default)]
pub(crate) struct HandlerAnswer {
    pub(crate) outputs: Map<String, Value>,
    pub(crate) logs: Vec<String>,
    pub(crate) return_value: Value,
}

impl HandlerAnswer {
    /// Without a `$return` binding an object `ReturnValue` goes over the outputs.
    pub(crate) fn spread_return_value(&mut self) {
        if let Value::Object(outputs) = self.return_value.take() {
            self.outputs.extend(outputs);
        }
    }

    /// The value for an output binding; null counts as missing.
    pub(crate) fn output(&self, binding: &str) -> Option<&Value> {
        let value = if binding == "$return" {
            Some(&self.return_value)
        } else {
            self.outputs.get(binding)
        };
        value.filter(|value| !value.is_null())
    }
}

pub(crate) fn decode(
    status: StatusCode,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<Decoded, Failure> {
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
        return Err(invalid(format!(
            "the content type {media_type:?} is not JSON"
        )));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Null) => Ok(Decoded::Nothing),
        Ok(Value::Object(members)) => answer(members).map(Decoded::Answer),
        Ok(_) => Err(invalid("the body is not a JSON object".to_owned())),
        Err(error) => Err(invalid(format!("the body is not JSON: {error}"))),
    }
}

/// Member names ignore case; unknown members are skipped.
fn answer(members: Map<String, Value>) -> Result<HandlerAnswer, Failure> {
    let mut answer = HandlerAnswer::default();
    for (name, value) in members {
        match (name.to_ascii_lowercase().as_str(), value) {
            ("outputs" | "logs", Value::Null) => {}
            ("outputs", Value::Object(outputs)) => answer.outputs = outputs,
            ("logs", Value::Array(logs)) => {
                answer.logs = logs.into_iter().map(log).collect::<Result<_, _>>()?
            }
            ("outputs", _) => return Err(invalid("Outputs is not an object".to_owned())),
            ("logs", _) => return Err(invalid("Logs is not a list".to_owned())),
            ("returnvalue", value) => answer.return_value = value,
            _ => {}
        }
    }
    Ok(answer)
}

fn log(value: Value) -> Result<String, Failure> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(invalid("Logs holds something else than strings".to_owned())),
    }
}

fn invalid(reason: String) -> Failure {
    Failure::InvalidResponse(reason)
}
