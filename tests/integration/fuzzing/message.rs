//! The text of a queue message. One that is not understood fails, so that it is delivered again and poisoned in the end, or says in the
//! host's log that it was dropped; one of a run leaves the run where the timer finds it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::campaign::{Target, Wrong};
use super::handler::{Answered, Handler};
use super::mutator::Mutator;
use crate::envelopes::of_message;

pub(super) struct Messages {
    handler: Handler,
    /// An open run, which waits for SecureAuth.
    run: String,
}

impl Target for Messages {
    const NAME: &'static str = "message";
    const FLOORS: &[(&str, u64)] = &[("200 unknown run", 50), ("200 run", 5), ("500", 2)];

    async fn start() -> Self {
        let handler = Handler::start().await;
        let answer = handler.toggle().await;
        let run = answer.http_body()["onboardingId"].as_str().unwrap().to_owned();
        Self { handler, run }
    }

    async fn try_one(&mut self, random: &mut Mutator) -> Result<String, Wrong> {
        let unknown = "01980f3e-0000-7000-8000-000000000001";
        // A good message of the run reads it with all its journal, so it is not sent that often.
        let run = if random.once_in(8) { self.run.as_str() } else { unknown };
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let text = random.text(&json!({ "v": 1, "onboardingId": run, "traceparent": trace }));
        let answer = self
            .handler
            .call("function-migrate-users", of_message(&text).to_string())
            .await;
        match wrong(&text, &answer) {
            Some(problem) => Err(Wrong { problem, input: text }),
            None => Ok(outcome(&answer)),
        }
    }

    async fn end(self) -> Result<(), String> {
        match self.handler.state_of(&self.run).as_deref() {
            Some("queued" | "waiting") => Ok(()),
            state => Err(format!("the run is {state:?}")),
        }
    }
}

/// The line in the host's log, without ids; 500 has none.
fn outcome(answer: &Answered) -> String {
    let line = answer.envelope["Logs"][0].as_str().unwrap_or_default();
    let words = line
        .split_whitespace()
        .filter(|word| word.parse::<Uuid>().is_err() && !word.ends_with(':'));
    format!("{} {}", answer.status, words.collect::<Vec<_>>().join(" "))
}

fn wrong(text: &str, answer: &Answered) -> Option<String> {
    if let Some(misunderstood) = answer.misunderstood() {
        return Some(misunderstood);
    }
    let line = answer.envelope["Logs"][0].as_str().unwrap_or_default();
    let message: Value = serde_json::from_str(text).unwrap_or_default();
    let version = message["v"].as_u64();
    if answer.status == 200 && line.is_empty() {
        return Some("the message is gone, and the host's log does not say why".to_owned());
    }
    if version > Some(1) && answer.status != 500 {
        return Some("a message of a newer version is gone".to_owned());
    }
    if is_ours(&message) && (answer.status != 200 || line == "dropped: not ours") {
        return Some(format!("one of our messages: {} {line}", answer.status));
    }
    None
}

/// The form that docs/ARCHITECTURE.md#flow gives.
fn is_ours(message: &Value) -> bool {
    let run = message["onboardingId"].as_str();
    message["v"] == 1
        && run.is_some_and(|run| run.len() == 36 && run.parse::<Uuid>().is_ok())
        && (message["traceparent"].is_null() || message["traceparent"].is_string())
}
