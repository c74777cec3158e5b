//! The queue message: "work on this run". It holds no state, so it may be lost, doubled or poisoned
//! (docs/decisions.md#sql-holds-the-truth).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::ids::OnboardingId;
use crate::domain::run::Run;
use crate::telemetry::TraceParent;

/// The version of the message's form.
const VERSION: u64 = 1;

/// `{"v":1,"onboardingId":"…","traceparent":"…"}` and nothing else: no personal data (docs/requirements.md#s1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueueMessage {
    v: u64,
    pub(super) onboarding_id: OnboardingId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) traceparent: Option<String>,
}

/// The kinds of text on the queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    Ours(QueueMessage),
    /// A message of this newer version; it stays on the queue.
    Newer(u64),
    /// Not one of our messages; it is dropped.
    NotOurs,
}

impl QueueMessage {
    pub(super) fn new(onboarding_id: OnboardingId, traceparent: Option<String>) -> Self {
        Self {
            v: VERSION,
            onboarding_id,
            traceparent,
        }
    }

    /// The trace of the event that started the run.
    pub(super) fn trace_id(&self) -> Option<String> {
        let trace: Option<TraceParent> = self.traceparent.as_deref().and_then(|text| text.parse().ok());
        trace.map(|trace| trace.trace_id().to_string())
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::json!(self).to_string()
    }

    pub(super) fn parse(text: &str) -> Parsed {
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            return Parsed::NotOurs;
        };
        match value.get("v").and_then(Value::as_u64) {
            Some(VERSION) => serde_json::from_value(value).map_or(Parsed::NotOurs, Parsed::Ours),
            Some(version) if version > VERSION => Parsed::Newer(version),
            _ => Parsed::NotOurs,
        }
    }
}

/// What whoever wants to be told of the end of a run gets: ids, state and counts, no personal data. Best effort: it may be lost or
/// doubled, and GET stays the truth.
pub(super) fn ended_message(run: &Run) -> String {
    serde_json::json!({
        "v": VERSION,
        "onboardingId": run.id,
        "billerId": run.biller_id,
        "kind": <&str>::from(run.kind),
        "state": <&str>::from(run.state),
        "progress": run.progress,
        "issuesTotal": run.issues_total,
        "traceparent": run.traceparent,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_message_is_parsed_back_from_its_text() {
        let message = QueueMessage::new(OnboardingId(Uuid::max()), Some("00-a-b-00".into()));
        assert_eq!(QueueMessage::parse(&message.to_text()), Parsed::Ours(message));
    }

    #[test]
    fn a_message_carries_an_id_and_nothing_personal() {
        let text = QueueMessage::new(OnboardingId(Uuid::nil()), None).to_text();
        assert_eq!(text, r#"{"onboardingId":"00000000-0000-0000-0000-000000000000","v":1}"#);
    }

    #[test]
    fn a_message_of_a_newer_version_differs_from_one_that_is_not_ours() {
        assert_eq!(QueueMessage::parse(r#"{"v":2,"run":7}"#), Parsed::Newer(2));
        for text in ["", "hello", "[]", "7", r#"{"v":"1"}"#, r#"{"v":1}"#, r#"{"v":0}"#] {
            assert_eq!(QueueMessage::parse(text), Parsed::NotOurs, "{text}");
        }
    }
}
