//! Turns the value of a queue output into messages (S25).

use crate::json::{Node, looks_like_json, text_of};
use crate::queue::dotnet_base64;

/// The contents of the messages to put, in order.
pub(crate) fn queue_messages(value: &Node) -> Result<Vec<Vec<u8>>, String> {
    match value {
        Node::Null => Ok(Vec::new()),
        Node::List(items) => Ok(items.iter().map(content).collect()),
        Node::Text(text) => match dotnet_base64(text) {
            Some(bytes) => Ok(vec![bytes]),
            None if looks_like_json(text) => parsed(text),
            None => Ok(vec![content(value)]),
        },
        other => Ok(vec![content(other)]),
    }
}

/// A string that looks like JSON is parsed and written anew.
fn parsed(text: &str) -> Result<Vec<Vec<u8>>, String> {
    match serde_json::from_str(text) {
        Ok(Node::List(items)) => Ok(items.iter().map(content).collect()),
        Ok(other) => Ok(vec![content(&other)]),
        Err(error) => Err(format!("the output looks like JSON but is not: {error}")),
    }
}

fn content(value: &Node) -> Vec<u8> {
    text_of(value).into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(value: &Value) -> Result<Vec<Vec<u8>>, String> {
        queue_messages(&serde_json::from_value(value.clone()).unwrap())
    }

    fn messages(value: &Value) -> Vec<String> {
        let messages = of(value).unwrap();
        messages
            .into_iter()
            .map(|content| String::from_utf8(content).unwrap())
            .collect()
    }

    #[test]
    fn the_elements_of_an_array_are_taken_verbatim() {
        assert_eq!(messages(&json!(["test", "{\"a\":1}", ""])), ["test", "{\"a\":1}", ""]);
        assert_eq!(messages(&json!([])), Vec::<String>::new());
        assert_eq!(messages(&json!([{ "a": 1 }, 2])), ["{\n  \"a\": 1\n}", "2"]);
    }

    #[test]
    fn a_string_that_happens_to_be_base64_is_decoded() {
        assert_eq!(of(&json!("test")), Ok(vec![vec![0xb5, 0xeb, 0x2d]]));
        assert_eq!(messages(&json!("")), [""]);
        assert_eq!(messages(&json!("not base64")), ["not base64"]);
    }

    #[test]
    fn a_string_that_looks_like_json_is_written_anew() {
        assert_eq!(messages(&json!("{\"a\":1}")), ["{\n  \"a\": 1\n}"]);
        let dated = "{\"z\":\"2025-02-18T03:06:19.0Z\",\"a\":1}";
        let anew = "{\n  \"z\": \"2025-02-18T03:06:19Z\",\n  \"a\": 1\n}";
        assert_eq!(messages(&json!(dated)), [anew]);
        assert_eq!(messages(&json!(" [\"a\",\"b\"] ")), ["a", "b"]);
        assert!(of(&json!("{not json}")).is_err());
    }

    #[test]
    fn a_text_that_looks_like_a_date_is_written_anew() {
        let date = "2025-02-18T03:06:19+02:00";
        assert_eq!(messages(&json!([date])), ["02/18/2025 01:06:19"]);
        assert_eq!(messages(&json!(date)), ["02/18/2025 01:06:19"]);
        assert_eq!(messages(&json!(["2025-02-18"])), ["2025-02-18"]);
    }

    #[test]
    fn an_object_is_one_indented_message_and_null_is_none() {
        assert_eq!(messages(&json!({ "a": 1 })), ["{\n  \"a\": 1\n}"]);
        assert_eq!(messages(&Value::Null), Vec::<String>::new());
    }
}
