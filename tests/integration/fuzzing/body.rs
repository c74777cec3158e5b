//! The HTTP caller's request: any body, and method, biller and content type beside it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::campaign::{Target, Wrong};
use super::handler::{Answered, BILLERS, Handler, body};
use super::mutator::Mutator;
use super::statuses;
use crate::envelopes::of_post;

pub(super) struct Bodies {
    handler: Handler,
    documented: Vec<u64>,
    /// The runs that were answered with 202.
    accepted: BTreeSet<String>,
}

impl Target for Bodies {
    const NAME: &'static str = "body";
    const FLOORS: &[(&str, u64)] = &[("202", 20), ("4", 100)];

    async fn start() -> Self {
        Self {
            handler: Handler::start().await,
            documented: statuses(),
            accepted: BTreeSet::new(),
        }
    }

    async fn try_one(&mut self, random: &mut Mutator) -> Result<String, Wrong> {
        let envelope = request(random);
        let answer = self.handler.call("function-onboard-biller", envelope.to_string()).await;
        match self.wrong(&answer) {
            Some(problem) => Err(Wrong {
                problem,
                input: envelope.to_string(),
            }),
            None => Ok(answer.http_status().to_string()),
        }
    }

    async fn end(self) -> Result<(), String> {
        self.handler.has_only(&self.accepted)
    }
}

impl Bodies {
    /// An answer to any body is documented, and never one of a server that cannot: database and settings are there.
    fn wrong(&mut self, answer: &Answered) -> Option<String> {
        let (status, body) = (answer.http_status(), answer.http_body());
        if !self.documented.contains(&status) || status >= 500 {
            return Some(format!("the host gets {}, the caller {status}: {body}", answer.status));
        }
        let messages = answer.messages();
        if status != 202 {
            return (!messages.is_empty()).then(|| format!("{status} with messages: {messages:?}"));
        }
        let run = body["onboardingId"].as_str().unwrap_or_default().to_owned();
        let named: Vec<_> = messages.iter().map(|message| message["onboardingId"].clone()).collect();
        if named != [json!(run)] {
            return Some(format!("202 for run {run} with messages {messages:?}"));
        }
        self.accepted.insert(run);
        None
    }
}

/// An envelope as the host makes it of any request.
fn request(random: &mut Mutator) -> Value {
    let mut sample = body();
    sample["eventId"] = json!(format!("toggle-{}", random.below(50)));
    if random.once_in(4) {
        sample["source"] = json!("biller-wizard");
    }
    if random.once_in(4) {
        sample["ciamEnabled"] = json!(false);
    }
    let mut biller = (*random.one_of(&BILLERS)).to_owned();
    if random.once_in(20) {
        biller = random.text(&json!(biller));
    }
    let mut envelope = of_post(&biller, &random.text(&sample));
    let request = &mut envelope["Data"]["req"];
    if random.once_in(10) {
        // The host always sends a list of texts.
        let name = *random.one_of(&["Content-Type", "Content-Length", "content-type", "Host"]);
        let value = request["Headers"][name][0].as_str().unwrap_or("text/plain").to_owned();
        request["Headers"][name] = json!([random.text(&json!(value))]);
    }
    if random.once_in(50) {
        request["Headers"] = json!({});
    }
    if random.once_in(20) {
        request["Method"] = json!(random.one_of(&["GET", "PUT", "post", "DELETE", ""]));
    }
    envelope
}
