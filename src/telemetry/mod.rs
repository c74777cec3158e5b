//! Logging: one line per event on stdout, with the ids of the work it belongs to.
//!
//! The Functions host takes every stdout line for information and every stderr line for an error
//! (functions-custom-handler.md §1.6), and neither knows an invocation: so lines go to stdout, carry their level and ids
//! themselves, and stderr is left to settings findings and panics. `docs/LOGGING.md` says what is logged and what never is.

mod chain;
mod fields;
mod filter;
mod json;
mod panic;
mod text;
mod trace_parent;

use std::sync::Arc;

use tracing::Subscriber;
use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

pub use chain::chain;
pub use panic::report_panics_on_one_line;
pub use trace_parent::{InvalidTraceParent, SpanId, TraceId, TraceParent};

use crate::clock::Clock;
use crate::settings::{Log, LogFormat};

/// Starts logging to stdout for the whole process.
///
/// # Errors
/// When something logs already.
pub fn start(log: &Log, clock: Arc<dyn Clock>) -> Result<(), SetGlobalDefaultError> {
    set_global_default(subscriber(log, clock, std::io::stdout))
}

/// What logs to `writer`, for tests that read what was logged.
pub fn subscriber<W>(log: &Log, clock: Arc<dyn Clock>, writer: W) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Json => Box::new(json::layer(clock, writer)),
        LogFormat::Text => Box::new(text::layer(clock, writer)),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter::capped(&log.filter)))
}

#[cfg(test)]
mod tests;
