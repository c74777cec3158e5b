//! Starts, probes, watches, restarts and kills the handler process (S4–S9).

mod command;
mod console;
mod handle;
mod port;
mod probe;
mod restart_policy;
mod supervisor;

pub(crate) use command::Launch;
pub(crate) use console::Console;
pub use console::{ConsoleCategory, ConsoleLevel, ConsoleLine, ConsoleStream};
pub use handle::StopReason;
pub(crate) use handle::{Phase, Ready, WorkerHandle};
pub(crate) use port::HandlerPort;
pub(crate) use supervisor::{Supervisor, SupervisorSettings};
