//! A stand-in for the Azure Functions host: starts a custom handler and calls it over HTTP as the real host does, with
//! queues in memory or in a storage account. The rules that it follows (S1–S41) are in dev/functions-host/README.md, each with its test; comments
//! name them by these numbers.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use functions_host::{Executable, FunctionsHost, HostOptions, TimeConstants};
//! use std::time::Duration;
//!
//! let mut options = HostOptions::new("path/to/app");
//! options.executable = Some(Executable { path: "target/debug/handler".into(), arguments: vec![] });
//! options.time = TimeConstants::fast();
//! let host = FunctionsHost::start(options).await?;
//! host.queue("migrate-users").send("{}").await?;
//! host.wait_until_idle(Duration::from_secs(10)).await?;
//! assert!(host.invocations().iter().all(|invocation| invocation.succeeded()));
//! host.stop().await;
//! # Ok(())
//! # }
//! ```

mod activity;
mod assembly;
mod clock;
mod config;
mod emulator;
mod envelope;
mod front_door;
mod guard;
mod host;
mod invocation;
mod journal;
mod json;
mod options;
mod queue;
mod response;
mod routing;
mod tasks;
mod timer;
mod worker;

pub use clock::{Clock, system_clock};
pub use config::{ConfigError, machine_variables};
pub use emulator::{Azurite, AzuriteError};
pub use guard::Guard;
pub use host::{FunctionsHost, NotIdle, NotPrinted, NotReady, StartError};
pub use journal::{HandlerExchange, Invocation, OutputSummary, UserLog};
pub use options::{Executable, HostOptions, Inherited, Keys, TimeConstants};
pub use queue::{
    ConnectionStringError, EmbeddedQueues, PeekedMessage, QueueError, QueueHandle, QueueMessage, QueueService,
    RenewedReceipt, StorageError, StorageQueues, is_on_this_machine,
};
pub use worker::{ConsoleCategory, ConsoleLevel, ConsoleLine, ConsoleStream, StopReason};
