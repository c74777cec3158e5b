//! The host's envelope with anything in it, to all three functions.

use serde_json::{Value, json};

use super::campaign::{Target, Wrong};
use super::handler::{BILLERS, Handler, body, envelope_of_message, envelope_of_post};
use super::mutator::Mutator;
use super::statuses;

pub(super) struct Envelope {
    handler: Handler,
    documented: Vec<u64>,
    samples: Vec<(&'static str, Value)>,
}

impl Target for Envelope {
    const NAME: &'static str = "envelope";

    async fn start() -> Self {
        let get = json!({ "Data": { "req": {
            "Url": "http://127.0.0.1:7071/api/billers/1001/ciam", "Method": "GET", "Query": {}, "Headers": { "Host": ["127.0.0.1"] },
            "Params": { "billerId": "1001" }, "Identities": []
        } }, "Metadata": {} });
        let message = json!({ "v": 1, "onboardingId": "01980f3e-0000-7000-8000-000000000001" }).to_string();
        let timer = json!({ "Data": { "timer": { "Schedule": {}, "IsPastDue": false } }, "Metadata": {} });
        let (onboard, migrate) = ("function-onboard-biller", "function-migrate-users");
        Self {
            handler: Handler::start().await,
            documented: statuses(),
            samples: vec![
                (onboard, envelope_of_post(BILLERS[0], &body().to_string())),
                (onboard, get),
                (migrate, envelope_of_message(&message)),
                ("function-recover-onboardings", timer),
            ],
        }
    }

    async fn try_one(&mut self, random: &mut Mutator) -> Result<String, Wrong> {
        // The timer's data is not read.
        let (function, sample) = if random.once_in(16) {
            &self.samples[3]
        } else {
            random.one_of(&self.samples[..3])
        };
        let envelope = random.document(sample);
        let answer = self.handler.call(function, envelope.clone()).await;
        let undocumented = || {
            let answers = *function == "function-onboard-biller" && answer.status == 200;
            let status = answer.http_status();
            (answers && !self.documented.contains(&status)).then(|| format!("the caller gets {status}"))
        };
        match answer.misunderstood().or_else(undocumented) {
            Some(problem) => Err(Wrong {
                problem,
                input: String::from_utf8_lossy(&envelope).into_owned(),
            }),
            None => Ok(format!(
                "{} {} {}",
                &function[9..16],
                answer.status,
                answer.http_status()
            )),
        }
    }
}
