//! Whole runs whose SecureAuth gives changed answers: a small biller is enabled, and its run ends in a state that
//! docs/ARCHITECTURE.md#invariant allows, which is true unless the run was lied to.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use local_stack::BillerInventory;
use secureauth_simulator::{Options, Simulator};
use serde_json::{Value, json};

use super::campaign::{Target, Wrong};
use super::handler::{Answered, BILLERS, Handler};
use super::mutator::Mutator;
use super::proxy::Proxy;
use super::server::serve;
use crate::envelopes::{of_get, of_message, of_timer};

/// A run takes a second, or three if it waits for a lost answer.
const LONGEST: Duration = Duration::from_mins(2);
/// Between two rounds of the timer.
const ROUND: Duration = Duration::from_millis(5);
/// Short pauses and deadlines; a rollback waits for the longest deadline.
const SHORT: [(&str, &str); 16] = [
    ("SECUREAUTH_CONNECT_DEADLINE", "500ms"),
    ("SECUREAUTH_CRUD_DEADLINE", "500ms"),
    ("SECUREAUTH_IMPORT_DEADLINE", "500ms"),
    ("SECUREAUTH_TOKEN_DEADLINE", "500ms"),
    ("RETRY_ATTEMPTS", "2"),
    ("RETRY_FIRST", "2ms"),
    ("RETRY_MAX", "5ms"),
    ("RETRY_AFTER_CAP", "10ms"),
    ("FORBIDDEN_PAUSE", "1ms"),
    ("RUN_PAUSES", "5ms"),
    ("ROLLBACK_PAUSES", "5ms, 10ms, 20ms"),
    ("ROLLBACK_TIME_LIMIT", "1500ms"),
    ("CALL_MARGIN", "100ms"),
    ("RECHECK_AFTER", "20ms"),
    ("VERIFY_PAUSES", "5ms, 5ms"),
    ("SECUREAUTH_PAYLOAD_SCHEMA_ID", "5d5ced58793b41178123b2d1cc5fb658"),
];

pub(super) struct Runs;

impl Target for Runs {
    const NAME: &'static str = "runs";
    const FEW: u64 = 30;
    const WEIGHT: u64 = 1_000;
    const BATCH: u64 = 20;
    const FLOORS: &[(&str, u64)] = &[("succeeded", 200), ("failed", 100)];

    async fn start() -> Self {
        Self
    }

    async fn try_one(&mut self, random: &mut Mutator) -> Result<String, Wrong> {
        let world = World::start(random).await;
        world.onboard().await.map_err(|problem| Wrong {
            problem,
            input: world.proxy.changed().join("\n"),
        })
    }
}

struct World {
    simulator: Simulator,
    proxy: Arc<Proxy>,
    handler: Handler,
}

impl World {
    async fn start(random: &mut Mutator) -> Self {
        let options = Options::default();
        let client = options.clients[0].clone();
        let simulator = Simulator::start(options).unwrap();
        let proxy = Arc::new(Proxy::new(simulator.address(), random));
        let base_url = serve(Arc::clone(&proxy)).await;
        let mut settings = SHORT.to_vec();
        settings.extend([
            ("SECUREAUTH_BASE_URL", base_url.as_str()),
            ("SECUREAUTH_CLIENT_ID", client.id.as_str()),
            ("SECUREAUTH_CLIENT_SECRET", client.secret.as_str()),
        ]);
        let handler = Handler::with(&settings).await;
        handler.add_people(3 + random.below(3));
        Self {
            simulator,
            proxy,
            handler,
        }
    }

    /// Enables the biller, and delivers messages and fires the timer until the run has ended. Returns how it ended.
    async fn onboard(&self) -> Result<String, String> {
        let accepted = self.handler.toggle().await;
        let run = accepted.http_body()["onboardingId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let mut queue: VecDeque<Value> = accepted.messages().into();
        let end = Instant::now() + LONGEST;
        loop {
            let (function, envelope) = match queue.pop_front() {
                Some(message) => ("function-migrate-users", of_message(&message.to_string())),
                None => ("function-recover-onboardings", of_timer()),
            };
            let answer = self.handler.call(function, envelope.to_string()).await;
            understood(function, &answer)?;
            queue.extend(answer.messages());
            let state = self.handler.state_of(&run).ok_or("the run is gone")?;
            if matches!(state.as_str(), "succeeded" | "failed" | "stuck") {
                return self.judge(&state).await;
            }
            if Instant::now() >= end {
                return Err(format!("after {LONGEST:?} the run is {state}"));
            }
            if queue.is_empty() {
                tokio::time::sleep(ROUND).await;
            }
        }
    }

    /// What GET says of the run, and, unless the run was lied to, what SecureAuth holds.
    async fn judge(&self, state: &str) -> Result<String, String> {
        let biller = BILLERS[0];
        let envelope = of_get(&format!("billers/{biller}/ciam"), &json!({ "billerId": biller }));
        let shown = self
            .handler
            .call("function-onboard-biller", envelope.to_string())
            .await
            .http_body();
        let run = &shown["onboarding"];
        let (reason, holds) = (
            run["reason"].as_str().unwrap_or_default(),
            BillerInventory::of(&self.simulator, biller),
        );
        let lied = self.proxy.has_lied();
        let is_right = match state {
            "succeeded" => shown["status"] == "active" && (lied || is_live(&holds, run)),
            "failed" => {
                shown["status"] == "failed" && !reason.is_empty() && (lied || holds == BillerInventory::default())
            }
            _ => {
                let has_commands = run["commands"].as_array().is_some_and(|commands| !commands.is_empty());
                shown["status"] == "stuck" && !reason.is_empty() && has_commands && run["left"].is_string()
            }
        };
        if is_right {
            Ok(if lied {
                format!("{state} after a lie")
            } else {
                state.to_owned()
            })
        } else {
            Err(format!(
                "a run that was {}lied to: {shown:#}\n{holds:?}",
                if lied { "" } else { "not " }
            ))
        }
    }
}

/// A delivery fails only if the database does, and that is there.
fn understood(function: &str, answer: &Answered) -> Result<(), String> {
    match answer.misunderstood() {
        Some(misunderstood) => Err(misunderstood),
        None if answer.status != 200 => Err(format!("{function} failed with {}", answer.status)),
        None => Ok(()),
    }
}

fn is_live(holds: &BillerInventory, run: &Value) -> bool {
    let progress = |name: &str| run["progress"][name].as_u64().unwrap_or_default();
    let people = progress("imported") + progress("alreadyPresent");
    let pool = holds.pools == 1 && holds.pools_with_idp == 1;
    holds.deactivated == Some(false) && pool && holds.users >= people && progress("usersTotal") >= people
}
