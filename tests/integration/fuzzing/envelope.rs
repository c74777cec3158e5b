//! The host's envelope with anything in it, to all functions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::campaign::{Target, Wrong};
use super::handler::{BILLERS, Handler, body};
use super::mutator::Mutator;
use super::{functions, statuses};
use crate::envelopes::{of_get, of_message, of_post, of_timer};

const ONBOARD: &str = "function-onboard-biller";
const READINESS: &str = "function-readiness";

pub(super) struct Envelope {
    handler: Handler,
    documented: Vec<u64>,
    /// Those whose data the handler reads come first.
    samples: Vec<(&'static str, Value)>,
    /// The runs that were answered with 202.
    accepted: BTreeSet<String>,
}

impl Target for Envelope {
    const NAME: &'static str = "envelope";
    const FLOORS: &[(&str, u64)] = &[("onboard 200 202", 20), ("onboard 200 200", 20), ("migrate 200", 50)];

    async fn start() -> Self {
        let get = |path: &str, parameters: Value| of_get(path, &parameters);
        let message = json!({ "v": 1, "onboardingId": "01980f3e-0000-7000-8000-000000000001" }).to_string();
        let samples = vec![
            (ONBOARD, of_post(BILLERS[0], &body().to_string())),
            (ONBOARD, get("billers/1001/ciam", json!({ "billerId": "1001" }))),
            ("function-migrate-users", of_message(&message)),
            ("function-recover-onboardings", of_timer()),
            ("function-health", get("health", json!({}))),
            (READINESS, get("health/ready", json!({}))),
        ];
        let named: BTreeSet<_> = samples.iter().map(|(function, _)| (*function).to_owned()).collect();
        assert_eq!(named, functions(), "every function needs a sample");
        Self {
            handler: Handler::start().await,
            documented: statuses(),
            samples,
            accepted: BTreeSet::new(),
        }
    }

    async fn try_one(&mut self, random: &mut Mutator) -> Result<String, Wrong> {
        let (read, ignored) = self.samples.split_at(3);
        let samples = if random.once_in(16) { ignored } else { read };
        let (function, sample) = random.one_of(samples);
        let envelope = random.document(sample);
        let is_good = envelope == sample.to_string().into_bytes();
        let answer = self.handler.call(function, envelope.clone()).await;
        let (status, is_http) = (answer.http_status(), !answer.envelope["Outputs"]["res"].is_null());
        if status == 202 {
            let run = answer.http_body()["onboardingId"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            self.accepted.insert(run);
        }
        let refused = || {
            // SecureAuth does not answer, so the handler is not ready.
            let is_right = match *function {
                READINESS => status == 503,
                _ if is_http => status < 300,
                _ => true,
            };
            (is_good && (answer.status != 200 || !is_right))
                .then(|| format!("a good envelope: {} and {status}", answer.status))
        };
        let undocumented = || {
            let answers = is_http && answer.status == 200;
            (answers && !self.documented.contains(&status)).then(|| format!("the caller gets {status}"))
        };
        if let Some(problem) = answer.misunderstood().or_else(undocumented).or_else(refused) {
            let input = String::from_utf8_lossy(&envelope).into_owned();
            return Err(Wrong { problem, input });
        }
        let short = function.strip_prefix("function-").unwrap_or_default();
        let word = short.split('-').next().unwrap_or_default();
        Ok(format!("{word} {} {status}", answer.status))
    }

    async fn end(self) -> Result<(), String> {
        self.handler.has_only(&self.accepted)
    }
}
