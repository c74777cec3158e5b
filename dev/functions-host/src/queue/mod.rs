//! Storage queues: the trait for what the host needs of them, the embedded queues, and the trigger loop over any of them
//! (S29–S32).

mod backoff;
mod embedded;
mod encoding;
mod gateway;
mod handle;
mod listener;
mod processor;
mod service;

pub use embedded::EmbeddedQueues;
pub(crate) use encoding::{MessageEncoding, dotnet_base64};
pub(crate) use gateway::QueueGateway;
pub use handle::{PeekedMessage, QueueHandle};
pub(crate) use listener::QueueListener;
pub(crate) use processor::MessageProcessor;
pub use service::{QueueError, QueueMessage, QueueService, RenewedReceipt};
