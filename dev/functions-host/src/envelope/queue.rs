//! `Data` and `Metadata` of a queue trigger (S17, S18).

use super::scalar::{add_payload_members, date, double_encoded};
use crate::json::{Members, Node};
use crate::queue::QueueMessage;

/// A message as it is handed to the function.
#[derive(Debug, Clone)]
pub(crate) struct QueueInput {
    /// The message's content, decoded.
    pub(crate) content: Vec<u8>,
    /// `None` when an operator fired the function with a text through the admin API.
    pub(crate) message: Option<QueueMessage>,
}

impl QueueInput {
    /// `Data.<binding>`: the text double encoded.
    pub(crate) fn data(&self) -> Node {
        double_encoded(&String::from_utf8_lossy(&self.content))
    }

    pub(crate) fn metadata(&self) -> Members {
        let mut metadata = Members::default();
        if let Some(message) = &self.message {
            metadata.push("DequeueCount", message.dequeue_count.to_string());
            metadata.push("ExpirationTime", date(message.expiration_time));
            metadata.push("Id", double_encoded(&message.id));
            metadata.push("InsertionTime", date(message.insertion_time));
            metadata.push("NextVisibleTime", date(message.next_visible_time));
            metadata.push("PopReceipt", double_encoded(&message.pop_receipt));
        }
        add_payload_members(&mut metadata, &self.content);
        metadata
    }
}
