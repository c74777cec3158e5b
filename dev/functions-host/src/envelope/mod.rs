//! Builds the body of an invocation: `{"Data":{…},"Metadata":{…}}` (S16–S18).

mod http;
mod queue;
mod scalar;
mod timer;

#[cfg(test)]
mod tests;

pub(crate) use http::{HttpInput, Identity};
pub(crate) use queue::QueueInput;
pub(crate) use timer::{ScheduleStatus, TimerInput};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::config::Function;
use crate::json::Members;

/// What triggered an invocation.
#[derive(Debug, Clone)]
pub(crate) enum TriggerInput {
    Http(Box<HttpInput>),
    Queue(QueueInput),
    Timer(TimerInput),
}

/// Builds the envelope. `now` and `random_guid` become `Metadata.sys`.
pub(crate) fn envelope(function: &Function, input: &TriggerInput, now: OffsetDateTime, random_guid: Uuid) -> String {
    let (data, mut metadata) = match input {
        TriggerInput::Http(input) => (input.data(), input.metadata()),
        TriggerInput::Queue(input) => (input.data(), input.metadata()),
        TriggerInput::Timer(input) => (input.data(), Members::default()),
    };
    let mut sys = Members::default();
    sys.push("MethodName", function.name.as_str());
    sys.push("UtcNow", scalar::tick_time(now));
    sys.push("RandGuid", random_guid.to_string());
    metadata.set_ignoring_case("sys", sys);
    metadata.retain(|name| !name.to_ascii_lowercase().ends_with("trigger"));

    let mut inputs = Members::default();
    inputs.push(function.input_name(), data);
    let mut envelope = Members::default();
    envelope.push("Data", inputs);
    envelope.push("Metadata", metadata);
    #[expect(
        clippy::expect_used,
        reason = "strings, JSON values and maps with string keys always serialise"
    )]
    serde_json::to_string(&envelope).expect("an envelope is plain JSON")
}
