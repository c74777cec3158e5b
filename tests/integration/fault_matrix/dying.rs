//! A process that dies at the same place again and again: it is killed whenever its run makes the same call. After
//! `MAX_TAKE_OVERS` the run ends by itself, and the same process enables another biller.

use std::collections::BTreeSet;
use std::time::Duration;

use local_stack::{RunRecord, Stack};
use secureauth_simulator::{Fault, FaultKind};
use tokio::time::Instant;

use super::elsewhere::MEANWHILE;
use super::invariant::{Before, Verdict, assert_invariant};
use super::kill::{UNDER_WAY_MS, short_lease};
use super::lane::{begin, calls_of_a_clean_run, end, in_lanes, prepare};
use super::report::{self, Went};
use super::scenario::Course;
use super::{TOKEN, share};
use crate::support::{DEADLINE, add_biller, calls_of};

/// By default every so many-th case runs.
const SHARE: usize = 3;
/// `MAX_TAKE_OVERS`: forward the process dies as often, and then as often again where the rollback makes the same call.
const TAKE_OVERS: usize = 2;

/// Kills the process at every operation of a course, whenever it is called. Panics with all cases in which the invariant does
/// not hold.
pub(super) async fn run(course: Course) {
    let calls = calls_of_a_clean_run(course).await.expect("a clean run");
    let (before, after) = calls.split_at(course.rollback_from(&calls));
    let names = |calls: &[secureauth_simulator::CallRecord]| -> BTreeSet<String> {
        calls.iter().filter_map(|call| call.operation.clone()).collect()
    };
    // A call that is made before the refusal too would never let the run come to its rollback.
    let earlier = names(before);
    let operations = names(after)
        .into_iter()
        .filter(|operation| operation != TOKEN && !earlier.contains(operation));
    let cases = share(operations.enumerate().collect(), SHARE);
    let went = in_lanes(short_lease, cases, move |stack, cases| lane(stack, course, cases)).await;
    report::judge(course, &went);
}

async fn lane(stack: Stack, course: Course, cases: Vec<(usize, String)>) -> Vec<Went> {
    let billers: Vec<String> = cases.iter().map(|(number, _)| format!("dying-{number}")).collect();
    prepare(&stack, course, &billers)
        .await
        .expect("what a course needs is created");
    let mut went = Vec::new();
    for ((_, operation), biller) in cases.iter().zip(&billers) {
        let outcome = one(&stack, course, biller, operation).await;
        stack.simulator().faults().clear();
        let name = format!("{course:?}: killed at every {operation}");
        went.push((name, outcome.map_err(|error| error.to_string())));
    }
    went
}

async fn one(
    stack: &Stack,
    course: Course,
    biller: &str,
    operation: &str,
) -> Result<Verdict, Box<dyn std::error::Error>> {
    let other = format!("{MEANWHILE}{biller}");
    add_biller(stack, &other, 2)?;
    let under_way = FaultKind::Delay {
        ms: UNDER_WAY_MS,
        after_effect: false,
    };
    let snapshot = begin(stack, course, biller, |stack| {
        // The call never has an effect, so the next worker makes it again.
        let faults = stack.simulator().faults();
        faults.add(Fault::on(operation, under_way));
        faults.add(Fault::on(operation, FaultKind::ResetBefore));
    })
    .await?;
    let run = stack.wait_for(biller, DEADLINE, |_| true).await?;
    let deaths = die_again_and_again(stack, &run, operation).await?;
    end(stack, biller).await?;
    let answer = stack.front_door().toggle(&other, true).await?;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let run = stack.wait_for_end(biller, DEADLINE).await?;
    let before = Before::of(course, biller, &snapshot);
    let verdict = assert_invariant(stack, &before).await?;
    if deaths < TAKE_OVERS || run.reason.as_deref() != Some("worker_lost") {
        return Err(format!("after {deaths} deaths the run is {}: {:?}", run.state, run.reason).into());
    }
    if course.rolled_back && run.state != "stuck" {
        return Err(format!("its rollback was killed, but the run is {}", run.state).into());
    }
    let other = stack.wait_for_end(&other, DEADLINE).await?;
    if other.state != "succeeded" {
        return Err(format!("afterwards another biller's run is {}: {:?}", other.state, other.reason).into());
    }
    Ok(verdict)
}

/// Kills the process whenever the run makes the call, until the run ends. Returns the number of deaths.
async fn die_again_and_again(
    stack: &Stack,
    run: &RunRecord,
    operation: &str,
) -> Result<usize, Box<dyn std::error::Error>> {
    let (mut deaths, mut seen) = (0, 0);
    let end = Instant::now() + DEADLINE;
    while !stack.wait_for(&run.biller_id, DEADLINE, |_| true).await?.has_ended() {
        let of_run = |call: &secureauth_simulator::CallRecord| {
            call.sequence > seen && call.correlation_id.as_deref() == Some(&*run.onboarding_id)
        };
        if let Some(call) = calls_of(stack, operation).into_iter().rfind(of_run) {
            seen = call.sequence;
            stack.host().kill_handler().await;
            deaths += 1;
        }
        // Users that were settled before a death are progress, after which deaths are counted anew.
        if deaths > 3 * TAKE_OVERS || Instant::now() > end {
            return Err(format!("after {deaths} deaths the run has not ended").into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(deaths)
}
