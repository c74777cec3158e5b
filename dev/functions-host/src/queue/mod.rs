//! Storage queues: the trait for what the host needs of them, the embedded queues, those of a storage account, and the
//! trigger loop over any of them (S29–S33).

mod account;
mod backoff;
mod embedded;
mod encoding;
mod gateway;
mod handle;
mod listener;
mod processor;
mod select;
mod service;

pub use account::{ConnectionStringError, StorageError, StorageQueues, is_on_this_machine};
pub(crate) use account::{of_emulator, of_emulator_with};
pub use embedded::EmbeddedQueues;
pub(crate) use encoding::{MessageEncoding, dotnet_base64};
pub(crate) use gateway::QueueGateway;
pub use handle::{PeekedMessage, QueueHandle};
pub(crate) use listener::QueueListener;
pub(crate) use processor::MessageProcessor;
pub(crate) use select::select;
pub use service::{QueueError, QueueMessage, QueueService, RenewedReceipt};
