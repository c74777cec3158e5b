//! Noise: every message comes many times and the timer fires all the time, with two hosts and two workers.

use std::time::Duration;

use local_stack::{Stack, StackOptions};
use tokio::time::Instant;

use super::invariant::{Before, Verdict, assert_invariant};
use super::lane::{begin, end, in_lanes, prepare, quick, was_too_slow};
use super::report::{self, Went};
use super::scenario::Course;
use super::snapshot::Snapshot;
use crate::support::{DEADLINE, calls_of};

/// Number of billers per course.
const BILLERS: usize = 6;

fn two_hosts() -> StackOptions {
    quick().hosts(2).set("SECUREAUTH_WORKERS", "2")
}

/// Runs a course under noise. Panics with all billers for which the invariant does not hold.
pub(super) async fn run(course: Course) {
    let billers: Vec<String> = (0..BILLERS).map(|number| format!("loud-{number}")).collect();
    let went = in_lanes(two_hosts, billers, move |stack, billers| lane(stack, course, billers)).await;
    report::judge(course, &went);
}

async fn lane(stack: Stack, course: Course, billers: Vec<String>) -> Vec<Went> {
    prepare(&stack, course, &billers)
        .await
        .expect("what a course needs is created");
    let mut went = Vec::new();
    for biller in billers {
        let outcome = one(&stack, course, &biller).await.map_err(|error| error.to_string());
        stack.simulator().faults().clear();
        went.push((format!("{course:?}: {biller}"), outcome));
    }
    went
}

async fn one(stack: &Stack, course: Course, biller: &str) -> Result<Verdict, Box<dyn std::error::Error>> {
    let snapshot = begin(stack, course, biller, |_| {}).await?;
    let run = stack.wait_for(biller, DEADLINE, |_| true).await?;
    let message = format!(r#"{{"v":1,"onboardingId":"{}"}}"#, run.onboarding_id);
    tokio::select! {
        ended = end(stack, biller) => ended?,
        noisy = noise(stack, &message) => noisy?,
    }
    let before = Before::of(course, biller, &snapshot);
    let verdict = assert_invariant(stack, &before).await?;
    // A call that was given up is made again. The course's refusal may then meet another call than it should.
    if !was_too_slow(stack, &run).await {
        as_without_noise(stack, course, verdict)?;
    }
    unmoved_by_late_messages(stack, biller, &message).await?;
    Ok(verdict)
}

/// Asserts that the run ended as it does without noise, and that nothing was done twice.
fn as_without_noise(stack: &Stack, course: Course, verdict: Verdict) -> Result<(), String> {
    let expected = if course.rolled_back {
        Verdict::RolledBack
    } else {
        Verdict::Succeeded
    };
    if verdict != expected {
        return Err(format!("{verdict:?} instead of {expected:?}"));
    }
    for (operation, most) in [
        ("create_organization", 1),
        ("create_pool", 1),
        ("delete_organization", 1),
        ("delete_pool", 1),
    ] {
        let calls = calls_of(stack, operation).len();
        if calls > most {
            return Err(format!("{operation} was called {calls} times"));
        }
    }
    Ok(())
}

/// Asserts that late messages change nothing after the end of a run.
async fn unmoved_by_late_messages(
    stack: &Stack,
    biller: &str,
    message: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let ended = (
        stack.database().latest_run(biller)?,
        Snapshot::take(stack, biller).await?,
    );
    for _ in 0..2 {
        stack.host().queue("migrate-users").send(message).await?;
    }
    for host in stack.hosts() {
        host.wait_until_idle(DEADLINE).await?;
    }
    let now = (
        stack.database().latest_run(biller)?,
        Snapshot::take(stack, biller).await?,
    );
    if now == ended {
        Ok(())
    } else {
        Err(format!("a late message changed {ended:?} to {now:?}").into())
    }
}

/// Sends the message and fires the timer of both hosts, for longer than the run and its calls are waited for.
async fn noise(stack: &Stack, message: &str) -> Result<(), Box<dyn std::error::Error>> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let end = Instant::now() + 2 * DEADLINE;
    while Instant::now() < end {
        for host in stack.hosts() {
            host.queue("migrate-users").send(message).await?;
            let timer = format!("{}/admin/functions/function-recover-onboardings", host.base_url());
            http.post(timer).send().await?.error_for_status()?;
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    Err(format!("under noise the run does not end: {message}").into())
}
