//! A set that runs one case after the other; several lanes share the work.

use std::time::Duration;

use functions_host::FunctionsHost;
use local_stack::{RunRecord, Stack, StackOptions};
use secureauth_simulator::CallRecord;
use tokio::time::Instant;

use super::scenario::{self, Course};
use super::snapshot::Snapshot;
use crate::support::{DEADLINE, Outcome, options};

/// Later than the handler waits for an answer, earlier than its rolling back begins.
pub(super) const LATE_MS: u64 = 700;

/// Sets side by side, at most. A case mostly waits, so they are more than there are processors.
const LANES: usize = 6;
/// Fewer items than this are not worth another set.
const ITEMS_PER_LANE: usize = 5;

/// The longest deadline is what a rolling back waits out; every other pause is as short as it can be.
pub(super) fn quick() -> StackOptions {
    let mut quick = options();
    quick.timer_interval = Some(Duration::from_millis(60));
    [
        ("SECUREAUTH_CONNECT_DEADLINE", "500ms"),
        ("SECUREAUTH_CRUD_DEADLINE", "500ms"),
        ("SECUREAUTH_IMPORT_DEADLINE", "500ms"),
        ("SECUREAUTH_TOKEN_DEADLINE", "500ms"),
        ("RETRY_ATTEMPTS", "2"),
        ("RETRY_FIRST", "5ms"),
        ("RETRY_MAX", "10ms"),
        ("RETRY_AFTER_CAP", "30ms"),
        ("RUN_PAUSES", "20ms"),
        ("ROLLBACK_PAUSES", "30ms"),
        ("ROLLBACK_TIME_LIMIT", "100ms"),
        ("RECHECK_AFTER", "50ms"),
        ("VERIFY_PAUSES", "10ms, 10ms"),
        ("NO_SLOT_PAUSE", "30ms"),
        ("USERS_PER_PAGE", "100"),
    ]
    .into_iter()
    .fold(quick, |options, (name, value)| options.set(name, value))
}

/// Starts the sets, gives each its share of the items, and collects what their work answers.
pub(super) async fn in_lanes<I, F, W, T>(stack: fn() -> StackOptions, items: Vec<I>, work: F) -> Vec<T>
where
    I: Send + 'static,
    F: Fn(Stack, Vec<I>) -> W + Clone + Send + 'static,
    W: Future<Output = Vec<T>> + Send,
    T: Send + 'static,
{
    let count = items.len().div_ceil(ITEMS_PER_LANE).clamp(1, LANES);
    let mut shares: Vec<Vec<I>> = (0..count).map(|_| Vec::new()).collect();
    for (number, item) in items.into_iter().enumerate() {
        shares[number % count].push(item);
    }
    let mut lanes = Vec::new();
    for share in shares {
        let work = work.clone();
        lanes.push(tokio::spawn(async move {
            let stack = Stack::start(stack()).await.expect("a set starts");
            work(stack, share).await
        }));
    }
    let mut answers = Vec::new();
    for lane in lanes {
        answers.extend(lane.await.expect("a lane ends"));
    }
    answers
}

/// Makes everything stand that a course needs before it begins.
pub(super) async fn prepare(stack: &Stack, course: Course, billers: &[String]) -> Outcome {
    scenario::seed_another_biller(stack)?;
    for biller in billers {
        course.seed(stack, biller)?;
    }
    if course.scenario.starts_active() {
        scenario::activate(stack, billers).await?;
        for biller in billers {
            course.change(stack, biller)?;
        }
    }
    Ok(())
}

/// Takes the snapshot, adds the course's own refusal and sends the wish; answers the snapshot.
pub(super) async fn begin(
    stack: &Stack,
    course: Course,
    biller: &str,
    with_faults: impl FnOnce(&Stack),
) -> Result<Snapshot, Box<dyn std::error::Error>> {
    let before = Snapshot::take(stack, biller).await?;
    stack.simulator().clear_calls();
    if let Some(trigger) = course.trigger(biller) {
        stack.simulator().faults().add(trigger);
    }
    with_faults(stack);
    let answer = stack.front_door().toggle(biller, course.scenario.enables()).await?;
    assert_eq!(answer.status, 202, "{}", answer.text);
    Ok(before)
}

/// Waits until the run has ended and no call is under way any more, then takes the faults away.
pub(super) async fn end(stack: &Stack, biller: &str) -> Outcome {
    stack.wait_for_end(biller, DEADLINE).await?;
    let end = Instant::now() + DEADLINE;
    let pending = |call: &CallRecord| call.status.is_none() && !call.reset;
    while stack.simulator().calls().iter().any(pending) {
        assert!(Instant::now() < end, "a call to SecureAuth does not end");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stack.simulator().faults().clear();
    Ok(())
}

/// Whether a call was given up by the time a run ended: on a machine that stalls that happens without any fault, and such a
/// call is made again. The run's end is logged behind whatever it met.
pub(super) async fn was_too_slow(stack: &Stack, run: &RunRecord) -> bool {
    let ends = ["the run succeeded", "the run failed", "the run is stuck"];
    let is_end = |text: &str| text.contains(&run.onboarding_id) && ends.iter().any(|end| text.contains(end));
    let end = Instant::now() + DEADLINE;
    let lines = || stack.hosts().iter().flat_map(FunctionsHost::console_lines);
    while !lines().any(|line| is_end(&line.text)) {
        assert!(Instant::now() < end, "the end of the run is logged: {run:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    lines().any(|line| line.text.contains("no answer within the deadline"))
}

/// The calls of a course when nothing goes wrong but what it is about.
pub(super) async fn calls_of_a_clean_run(course: Course) -> Result<Vec<CallRecord>, Box<dyn std::error::Error>> {
    loop {
        if let Some(calls) = calls_of_a_run(course).await? {
            return Ok(calls);
        }
    }
}

/// None when the machine was too slow for it.
async fn calls_of_a_run(course: Course) -> Result<Option<Vec<CallRecord>>, Box<dyn std::error::Error>> {
    let stack = Stack::start(quick()).await?;
    let billers = ["clean".to_owned()];
    prepare(&stack, course, &billers).await?;
    let before = begin(&stack, course, "clean", |_| {}).await?;
    end(&stack, "clean").await?;
    let calls = stack.simulator().calls();
    let run = stack.wait_for_end("clean", DEADLINE).await?;
    if was_too_slow(&stack, &run).await {
        return Ok(None);
    }
    let expected = if course.rolled_back { "failed" } else { "succeeded" };
    assert_eq!(run.state, expected, "{course:?}: {run:?}");
    if course.rolled_back {
        assert_eq!(
            Snapshot::take(&stack, "clean").await?.secureauth,
            before.secureauth,
            "{course:?}"
        );
    }
    Ok(Some(calls))
}
