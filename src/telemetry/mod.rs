//! Logging: one line per event on stdout, with the ids of the work it belongs to.
//!
//! The Functions host logs every stdout line as information and every stderr line as a warning or an error, without the
//! invocation it belongs to (docs/reference/functions-host.md#console). So lines go to stdout and carry their level and
//! ids themselves; only findings about settings and panics go to stderr. `docs/LOGGING.md` says what is logged and what
//! never is.

mod chain;
mod fields;
mod filter;
mod json;
mod panic;
mod text;
mod trace_parent;
mod version;

use std::sync::Arc;

use tracing::Subscriber;
use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

pub use chain::chain;
pub use panic::report_panics_on_one_line;
pub use trace_parent::{InvalidTraceParent, SpanId, TraceId, TraceParent};
pub use version::{BUILD, COMMIT, VERSION};

use crate::clock::Clock;
use crate::settings::{Log, LogFormat};

/// Starts logging to stdout for the whole process.
///
/// # Errors
/// When logging was started before.
pub fn start(log: &Log, clock: Arc<dyn Clock>) -> Result<(), SetGlobalDefaultError> {
    set_global_default(subscriber(log, clock, std::io::stdout))
}

/// The subscriber behind [`start`], with any `writer`: tests use it to read what was logged.
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
