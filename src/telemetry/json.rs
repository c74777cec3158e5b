//! The format for machines: one JSON object per line, with the fields of the event and of the spans around it.

use std::fmt;
use std::sync::Arc;

use serde::ser::{SerializeMap, Serializer};
use time::format_description::well_known::Rfc3339;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields, MakeWriter};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::{LookupSpan, Registry, Scope};

use super::fields::{Collect, Members};
use crate::clock::Clock;

/// The members that every line begins with. A field of the same name is left out, so that it cannot forge them.
const OWN: [&str; 4] = ["time", "level", "severity", "target"];

pub(super) fn layer<W>(clock: Arc<dyn Clock>, writer: W) -> impl Layer<Registry> + Send + Sync + use<W>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // A host that was killed reads neither stdout nor stderr, and writing about that to stderr would panic.
    tracing_subscriber::fmt::layer()
        .log_internal_errors(false)
        .event_format(Lines { clock })
        .fmt_fields(JsonFields::new())
        .with_writer(writer)
}

struct Lines {
    clock: Arc<dyn Clock>,
}

impl<S, F> FormatEvent<S, F> for Lines
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    F: for<'f> FormatFields<'f> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, F>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let time = self.clock.now().format(&Rfc3339).map_err(|_| fmt::Error)?;
        let members = members(context, event);
        let line = to_line(&time, event, &members).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

/// The fields of the spans, from the outermost inwards, then those of the event. Of two fields with one name the last wins.
fn members<S, F>(context: &FmtContext<'_, S, F>, event: &Event<'_>) -> Members
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    F: for<'f> FormatFields<'f> + 'static,
{
    let mut members = Members::new();
    let spans = context.event_scope().into_iter().flat_map(Scope::from_root);
    for span in spans {
        if let Some(fields) = span.extensions().get::<FormattedFields<F>>() {
            members.extend(serde_json::from_str::<Members>(fields).unwrap_or_default());
        }
    }
    event.record(&mut Collect(&mut members));
    members.retain(|name, _| !OWN.contains(&name.as_str()));
    members
}

/// Time, level, target and message come first, for people who read JSON lines.
fn to_line(time: &str, event: &Event<'_>, members: &Members) -> serde_json::Result<String> {
    let mut line = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::new(&mut line);
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("time", time)?;
    map.serialize_entry("level", event.metadata().level().as_str())?;
    map.serialize_entry("severity", &severity(*event.metadata().level()))?;
    map.serialize_entry("target", event.metadata().target())?;
    if let Some(message) = members.get("message") {
        map.serialize_entry("message", message)?;
    }
    for (name, value) in members.iter().filter(|(name, _)| *name != "message") {
        map.serialize_entry(name, value)?;
    }
    map.end()?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// `severityLevel` of Application Insights. The host gives every line the one of information, so queries use this member.
fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 2,
        Level::INFO => 1,
        _ => 0,
    }
}
