//! JSON values as .NET prints them.

use serde_json::Value;

/// `ToString()` of a value: strings as they are, `True`, numbers, containers indented, null empty.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => String::new(),
        Value::Number(number) => number.to_string(),
        Value::Array(_) | Value::Object(_) => format!("{value:#}"),
    }
}

/// Whether the host takes a string for JSON: only its first and last characters count.
pub(crate) fn looks_like_json(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}
