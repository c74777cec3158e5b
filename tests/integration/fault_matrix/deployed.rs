//! Settings that are deployed while a run waits after a creation without an answer. The run ends with the settings it
//! started with: no second organization, no second pool, and the users as they were meant.

use local_stack::Stack;
use secureauth_simulator::{Fault, FaultKind};

use super::invariant::{Before, Verdict, assert_invariant};
use super::lane::{begin, end, prepare, quick};
use super::scenario::{Course, Scenario};
use super::share;
use crate::support::{DEADLINE, IMPORT, refusal};

/// By default every so many-th case runs.
const SHARE: usize = 4;

const CREATIONS: [&str; 3] = ["create_organization", "create_pool", IMPORT];

/// Settings that enter an id, a payload or a marker, each with another value.
const SETTINGS: [(&str, &str); 5] = [
    ("ORGANIZATION_ID_PREFIX", "ic-"),
    ("POOL_NAME", "people of {billerId}"),
    ("PAYLOAD_FIRST_NAME", "given_name"),
    ("CREATE_DEACTIVATED", "false"),
    ("SECUREAUTH_PAYLOAD_SCHEMA_ID", "another-schema"),
];

/// Runs the cases one after the other. Panics with all in which the invariant does not hold.
pub(super) async fn run() {
    let cases = CREATIONS
        .iter()
        .flat_map(|creation| SETTINGS.map(|setting| (*creation, setting)));
    let mut broken = Vec::new();
    for (creation, setting) in share(cases.collect(), SHARE) {
        match one(creation, setting).await {
            Ok(Verdict::Succeeded) => {}
            other => broken.push(format!("{creation}, then {setting:?}: {other:?}")),
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

async fn one(creation: &str, (name, value): (&str, &str)) -> Result<Verdict, Box<dyn std::error::Error>> {
    let (biller, course) = (
        "deployed",
        Course {
            scenario: Scenario::NewBiller,
            rolled_back: false,
        },
    );
    let options = quick().set("RUN_PAUSES", "1h").set("RETRY_ATTEMPTS", "1");
    let mut stack = Stack::start(options).await?;
    prepare(&stack, course, &[biller.to_owned()]).await?;
    let snapshot = begin(&stack, course, biller, |stack| {
        let lost = Fault::on(creation, FaultKind::ResetAfter);
        stack.simulator().faults().add(lost.nth(1));
        // After a lost import the run looks for its users, and pauses only if that fails.
        if creation == IMPORT {
            let look = Fault::on("get_user", refusal(500, false));
            stack.simulator().faults().add(look.nth(1));
        }
    })
    .await?;
    let run = stack.wait_for(biller, DEADLINE, |run| run.state == "waiting").await?;
    stack.deploy(name, value).await?;
    stack
        .handler()
        .run(&["resume", &run.onboarding_id, "--by", "ops"])
        .await?;
    stack.wait_for_end(biller, DEADLINE).await?;
    end(&stack, biller).await?;
    let before = Before::of(course, biller, &snapshot);
    assert_invariant(&stack, &before).await
}
