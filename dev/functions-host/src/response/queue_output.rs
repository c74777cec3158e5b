//! The messages a queue output stands for (S25, reference 3.5).

use serde_json::Value;

use super::dotnet::{looks_like_json, text_of};
use crate::queue::dotnet_base64;

/// Contents to put, in order. `binary` (`dataType: binary`) switches the base64 trap off.
pub(crate) fn queue_messages(value: &Value, binary: bool) -> Result<Vec<Vec<u8>>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items.iter().map(content).collect()),
        Value::String(text) => match dotnet_base64(text).filter(|_| !binary) {
            Some(bytes) => Ok(vec![bytes]),
            None if looks_like_json(text) => parsed(text),
            None => Ok(vec![text.clone().into_bytes()]),
        },
        other => Ok(vec![content(other)]),
    }
}

/// A string that looks like JSON is parsed and written anew.
fn parsed(text: &str) -> Result<Vec<Vec<u8>>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Array(items)) => Ok(items.iter().map(content).collect()),
        Ok(other) => Ok(vec![content(&other)]),
        Err(error) => Err(format!("the output looks like JSON but is not: {error}")),
    }
}

fn content(value: &Value) -> Vec<u8> {
    text_of(value).into_bytes()
}
