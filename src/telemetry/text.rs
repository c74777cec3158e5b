//! The format for a person at a terminal: time of day, level, spans, message and fields.

use std::fmt;
use std::sync::Arc;

use time::macros::format_description;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::Registry;

use crate::clock::Clock;

pub(super) fn layer<W>(clock: Arc<dyn Clock>, writer: W) -> impl Layer<Registry> + Send + Sync + use<W>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer()
        .with_timer(TimeOfDay(clock))
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(writer)
}

struct TimeOfDay(Arc<dyn Clock>);

impl FormatTime for TimeOfDay {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let format = format_description!("[hour]:[minute]:[second].[subsecond digits:3]");
        let time = self.0.now().format(format).map_err(|_| fmt::Error)?;
        writer.write_str(&time)
    }
}
