//! The process is killed while a call is under way: the effect comes before or after its death, its answer never arrives.

use std::collections::BTreeMap;
use std::time::Duration;

use local_stack::{Stack, StackOptions};
use secureauth_simulator::{CallRecord, Fault, FaultKind};
use tokio::time::Instant;

use super::TOKEN;
use super::invariant::{Before, Verdict, assert_invariant};
use super::lane::{begin, calls_of_a_clean_run, end, in_lanes, prepare, quick};
use super::report::{self, Went};
use super::scenario::Course;
use crate::support::DEADLINE;

/// Long enough for the kill to come in between, shorter than what a successor waits out.
const UNDER_WAY_MS: u64 = 300;

/// One death.
#[derive(Debug, Clone)]
struct Death {
    course: Course,
    number: usize,
    /// The call it happens at, of the run's calls of this operation.
    nth: u64,
    operation: String,
    after_effect: bool,
}

impl Death {
    fn name(&self) -> String {
        let effect = if self.after_effect { "after" } else { "before" };
        format!(
            "{:?}: killed at {} {} {effect} its effect",
            self.course, self.operation, self.nth
        )
    }

    fn biller(&self) -> String {
        format!("death-{:04}", self.number)
    }
}

/// A dead worker's lease and slot have to end soon.
fn short_lease() -> StackOptions {
    quick()
        .set("LEASE", "900ms")
        .set("HEARTBEAT", "250ms")
        .set("CALL_MARGIN", "50ms")
}

/// Kills the process at each call of a course; panics with every death after which the invariant does not hold.
pub(super) async fn run(course: Course) {
    let calls = calls_of_a_clean_run(course).await.expect("a clean run");
    let deaths = deaths(course, &calls);
    let went = in_lanes(short_lease, deaths, move |stack, deaths| lane(stack, course, deaths)).await;
    report::judge(course, &went);
}

/// Where the call is under way: a call that only reads has no effect to come before or after.
fn deaths(course: Course, calls: &[CallRecord]) -> Vec<Death> {
    let from = course.rollback_from(calls);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut deaths = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let operation = call.operation.clone().unwrap_or_default();
        let nth = counts.entry(operation.clone()).or_default();
        *nth += 1;
        // Whether a token has to be asked for depends on the runs before.
        if index < from || operation == TOKEN {
            continue;
        }
        for after_effect in [false, true] {
            if after_effect && call.method == "GET" {
                continue;
            }
            deaths.push(Death {
                course,
                number: deaths.len(),
                nth: *nth,
                operation: operation.clone(),
                after_effect,
            });
        }
    }
    deaths
}

async fn lane(stack: Stack, course: Course, deaths: Vec<Death>) -> Vec<Went> {
    let billers: Vec<String> = deaths.iter().map(Death::biller).collect();
    prepare(&stack, course, &billers)
        .await
        .expect("what has to stand before");
    let mut went = Vec::new();
    for death in deaths {
        let outcome = one(&stack, &death).await.map_err(|error| error.to_string());
        stack.simulator().faults().clear();
        went.push((death.name(), outcome));
    }
    went
}

async fn one(stack: &Stack, death: &Death) -> Result<Verdict, Box<dyn std::error::Error>> {
    let biller = death.biller();
    let kind = FaultKind::Delay {
        ms: UNDER_WAY_MS,
        after_effect: death.after_effect,
    };
    let slow = Fault::on(&death.operation, kind).nth(death.nth);
    let mut added = 0;
    let snapshot = begin(stack, death.course, &biller, |stack| {
        added = stack.simulator().faults().add(slow);
    })
    .await?;
    let end_of_wait = Instant::now() + DEADLINE;
    while !stack
        .simulator()
        .faults()
        .list()
        .iter()
        .any(|fault| fault.id == added && fault.fired > 0)
    {
        assert!(Instant::now() < end_of_wait, "{}: the call never came", death.name());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stack.host().kill_handler().await;
    end(stack, &biller).await?;
    let before = Before {
        course: death.course,
        biller: &biller,
        snapshot: &snapshot,
        command: "resume",
    };
    assert_invariant(stack, &before).await
}
