//! A lane is a stack that runs one case after the other. Several lanes share the work.

use std::time::Duration;

use functions_host::FunctionsHost;
use local_stack::{RunRecord, Stack, StackOptions};
use secureauth_simulator::CallRecord;
use tokio::time::Instant;

use super::invariant::{Before, Verdict, is_as_before};
use super::report::Went;
use super::scenario::{self, Course};
use super::snapshot::Snapshot;
use super::tries::tried;
use crate::support::{DEADLINE, Outcome, options};

/// Delay of a late effect: longer than the handler waits for an answer, shorter than until its rollback begins.
pub(super) const LATE_MS: u64 = 700;

/// Most stacks at a time. They are more than there are processors, because a case mostly waits.
const LANES: usize = 6;
/// Items per stack: for fewer, another stack is not worth its start.
const ITEMS_PER_LANE: usize = 5;

/// Options with the shortest times. A rollback waits for the longest deadline; every other pause is as short as possible.
pub(super) fn quick() -> StackOptions {
    let mut quick = options();
    quick.timer_interval = Some(Duration::from_millis(60));
    // Statuses decide here who may sign in; factors are the concern of tests/integration/sign_in/.
    let unchecked = quick.simulator.switches.set("sign-in-factors", "not-checked");
    unchecked.expect("a switch");
    [
        ("SECUREAUTH_CONNECT_DEADLINE", "500ms"),
        ("SECUREAUTH_CRUD_DEADLINE", "500ms"),
        ("SECUREAUTH_IMPORT_DEADLINE", "500ms"),
        ("SECUREAUTH_TOKEN_DEADLINE", "500ms"),
        ("RETRY_ATTEMPTS", "2"),
        ("RETRY_FIRST", "5ms"),
        ("RETRY_MAX", "10ms"),
        // Longer than the pause after a 429, and so than a call's turn at the rate that one teaches.
        ("RETRY_AFTER_CAP", "4s"),
        ("FORBIDDEN_PAUSE", "1ms"),
        ("RUN_PAUSES", "20ms"),
        ("ROLLBACK_PAUSES", "30ms, 100ms, 400ms"),
        // Longer than a call waits for its turn after the refusals of other cases.
        ("ROLLBACK_TIME_LIMIT", "1500ms"),
        ("RECHECK_AFTER", "50ms"),
        ("VERIFY_PAUSES", "10ms, 10ms"),
        ("NO_SLOT_PAUSE", "30ms"),
        ("PAYLOAD_SCHEMA_KEPT", "1ms"),
        ("USERS_PER_PAGE", "100"),
        // Few people, most of whom change.
        ("MAX_LEAVERS_PERCENT", "100"),
    ]
    .into_iter()
    .fold(quick, |options, (name, value)| options.set(name, value))
}

/// Starts the stacks, gives each its share of the items, and collects the results of their work.
pub(crate) async fn in_lanes<I, F, W, T>(stack: fn() -> StackOptions, items: Vec<I>, work: F) -> Vec<T>
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
            let stack = Stack::start(stack()).await.expect("a stack starts");
            work(stack, share).await
        }));
    }
    let mut answers = Vec::new();
    for lane in lanes {
        answers.extend(lane.await.expect("a lane ends"));
    }
    answers
}

/// Creates everything that a course needs before it begins.
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

/// One case: a run of one biller that meets something.
pub(super) trait Case: Send + Sync {
    /// Says what is needed to repeat it.
    fn name(&self) -> String;
    fn biller(&self) -> String;
    /// Runs it on a stack that holds what its course needs.
    fn run(&self, stack: &Stack) -> impl Future<Output = Result<Verdict, Box<dyn std::error::Error>>> + Send;
}

/// Runs the cases of a lane one after the other.
pub(super) async fn run_all<C: Case>(stack: Stack, course: Course, cases: Vec<C>) -> Vec<Went> {
    let billers: Vec<String> = cases.iter().map(C::biller).collect();
    prepare(&stack, course, &billers)
        .await
        .expect("what a course needs is created");
    let mut went = Vec::new();
    for case in cases {
        let outcome = case.run(&stack).await.map_err(|error| error.to_string());
        stack.simulator().faults().clear();
        went.push((case.name(), outcome));
    }
    went
}

/// Takes the snapshot, adds the course's own refusal and sends the toggle event. Returns the snapshot.
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

/// Waits until the run has ended and no call is under way any more, then removes the faults.
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

/// Whether a call was given up before the end of the run. On a slow machine that happens without any fault, and the call is
/// made again. The end of the run is logged after all its calls.
pub(super) async fn was_too_slow(stack: &Stack, run: &RunRecord) -> bool {
    let ends = ["the run succeeded", "the run failed", "the run is stuck"];
    let is_end = |text: &str| text.contains(&run.onboarding_id) && ends.iter().any(|end| text.contains(end));
    let end = Instant::now() + DEADLINE;
    let lines = || stack.hosts().iter().flat_map(FunctionsHost::console_lines);
    while !lines().any(|line| is_end(&line.text)) {
        assert!(Instant::now() < end, "the end of the run is logged: {run:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let is_late = |text: &str| text.contains(&run.onboarding_id) && text.contains("no answer within the deadline");
    lines().any(|line| is_late(&line.text))
}

/// The calls of a course without any fault but the course's own refusal.
pub(super) async fn calls_of_a_clean_run(course: Course) -> Result<Vec<CallRecord>, Box<dyn std::error::Error>> {
    tried(&format!("run {course:?} within its deadlines"), || {
        calls_of_a_run(course)
    })
    .await
}

/// `None` when the machine was too slow for it.
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
        let before = Before::of(course, "clean", &before);
        let now = Snapshot::take(&stack, "clean").await?;
        assert_eq!(is_as_before(&before, &now), Ok(()), "{course:?}");
    }
    Ok(Some(calls))
}
