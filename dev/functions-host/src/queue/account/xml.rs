//! The bodies of the queue REST API.

use quick_xml::escape::escape;
use serde::{Deserialize, Deserializer};
use time::OffsetDateTime;

use crate::queue::service::QueueMessage;

/// The body that puts a message.
pub(super) fn message(text: &str) -> String {
    format!(
        "<QueueMessage><MessageText>{}</MessageText></QueueMessage>",
        escape(text)
    )
}

/// Reads the answer to a receive.
pub(super) fn messages(body: &str) -> Result<Vec<QueueMessage>, quick_xml::DeError> {
    // Some accounts begin the document with a byte order mark.
    let list: List = quick_xml::de::from_str(body.trim_start_matches('\u{feff}'))?;
    Ok(list.messages.into_iter().map(QueueMessage::from).collect())
}

/// `QueueMessagesList`
#[derive(Deserialize)]
struct List {
    #[serde(rename = "QueueMessage", default)]
    messages: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    message_id: String,
    #[serde(deserialize_with = "http_date")]
    insertion_time: OffsetDateTime,
    #[serde(deserialize_with = "http_date")]
    expiration_time: OffsetDateTime,
    pop_receipt: String,
    #[serde(deserialize_with = "http_date")]
    time_next_visible: OffsetDateTime,
    dequeue_count: u32,
    #[serde(default)]
    message_text: String,
}

fn http_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = httpdate::parse_http_date(&text).map_err(serde::de::Error::custom)?;
    Ok(time.into())
}

impl From<Entry> for QueueMessage {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.message_id,
            pop_receipt: entry.pop_receipt,
            body: entry.message_text,
            dequeue_count: entry.dequeue_count,
            insertion_time: entry.insertion_time,
            expiration_time: entry.expiration_time,
            next_visible_time: entry.time_next_visible,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_received_message_has_all_its_members() {
        let body = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList><QueueMessage>\
            <MessageId>7</MessageId><InsertionTime>Fri, 09 Oct 2026 21:04:30 GMT</InsertionTime>\
            <ExpirationTime>Fri, 16 Oct 2026 21:04:30 GMT</ExpirationTime><PopReceipt>a+b=</PopReceipt>\
            <TimeNextVisible>Fri, 09 Oct 2026 21:14:30 GMT</TimeNextVisible><DequeueCount>2</DequeueCount>\
            <MessageText>{&quot;a&quot;:&lt;1&amp;2&gt;}</MessageText></QueueMessage></QueueMessagesList>";
        let messages = messages(body).unwrap();
        assert_eq!(
            messages,
            [QueueMessage {
                id: "7".to_owned(),
                pop_receipt: "a+b=".to_owned(),
                body: "{\"a\":<1&2>}".to_owned(),
                dequeue_count: 2,
                insertion_time: datetime!(2026-10-09 21:04:30 UTC),
                expiration_time: datetime!(2026-10-16 21:04:30 UTC),
                next_visible_time: datetime!(2026-10-09 21:14:30 UTC),
            }]
        );
    }

    #[test]
    fn an_empty_list_is_no_error() {
        assert_eq!(messages("<QueueMessagesList/>").unwrap(), []);
        assert_eq!(messages("<QueueMessagesList></QueueMessagesList>").unwrap(), []);
        assert!(messages("<QueueMessagesList>").is_err());
    }

    #[test]
    fn a_text_is_escaped() {
        assert_eq!(
            message("a<&>"),
            "<QueueMessage><MessageText>a&lt;&amp;&gt;</MessageText></QueueMessage>"
        );
    }
}
