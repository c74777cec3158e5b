//! Kills the process while a call is under way. The call takes effect before or after that, and its answer never arrives.

use std::collections::BTreeMap;
use std::time::Duration;

use local_stack::{Stack, StackOptions};
use secureauth_simulator::{CallRecord, Fault, FaultKind};
use tokio::time::Instant;

use super::invariant::{Before, Verdict, assert_invariant};
use super::lane::{begin, calls_of_a_clean_run, end, in_lanes, prepare, quick};
use super::report::{self, Went};
use super::scenario::{Course, Scenario};
use super::{TOKEN, share};
use crate::support::DEADLINE;

/// How long a call is under way: long enough for the kill, shorter than the time for which the next worker waits.
pub(super) const UNDER_WAY_MS: u64 = 300;

/// By default every so many-th death of a turnover, and every death of the other courses.
const SHARE_OF_A_TURNOVER: usize = 4;

/// One case: where the process is killed.
#[derive(Debug, Clone)]
struct Death {
    course: Course,
    number: usize,
    /// The number of the call among the run's calls of this operation.
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

/// Options with a short lease, so that lease and worker slot of a killed worker expire soon.
pub(super) fn short_lease() -> StackOptions {
    quick()
        .set("LEASE", "900ms")
        .set("HEARTBEAT", "250ms")
        .set("CALL_MARGIN", "50ms")
}

/// Kills the process at every call of a course. Panics with all cases in which the invariant does not hold.
pub(super) async fn run(course: Course) {
    let calls = calls_of_a_clean_run(course).await.expect("a clean run");
    let deaths = deaths(course, &calls);
    let deaths = if course.scenario == Scenario::Turnover {
        share(deaths, SHARE_OF_A_TURNOVER)
    } else {
        deaths
    };
    let went = in_lanes(short_lease, deaths, move |stack, deaths| lane(stack, course, deaths)).await;
    report::judge(course, &went);
}

/// All cases of a course: before and after the effect of every call. A call that only reads has no effect, and one case.
fn deaths(course: Course, calls: &[CallRecord]) -> Vec<Death> {
    let from = course.rollback_from(calls);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut deaths = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let operation = call.operation.clone().unwrap_or_default();
        let nth = counts.entry(operation.clone()).or_default();
        *nth += 1;
        // Whether a token is requested depends on earlier runs.
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
        .expect("what a course needs is created");
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
    let before = Before::of(death.course, &biller, &snapshot);
    assert_invariant(stack, &before).await
}
