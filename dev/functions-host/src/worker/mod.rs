//! The handler process: started, probed, watched, restarted, killed (S4–S9, reference 1.2–1.6).

mod command;
mod console;
mod guard;
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
