//! What the handler answers to every kind of envelope, and what the host makes of it, byte for byte. `make host-recording` writes
//! `tests/host_recording/`; the tests compare. What differs each time (ids, times, ports) has a placeholder.
//!
//! The stand-in is lenient here, as the real host is. `FUNCTIONS_HOST` names a command that starts another host, such as
//! `func start --port {port}`: it has to give callers the recorded answers (CONTRIBUTING.md#the-recording).

mod another_host;
mod files;
mod placeholders;
mod visits;

use std::collections::BTreeSet;
use std::time::Duration;

use functions_host::system_clock;
use local_stack::{FrontDoor, Stack};
use secureauth_simulator::Fault;

use crate::fuzzing::functions;
use crate::support::{DEADLINE, Outcome, add_biller, options, refusal, until};
use files::Recording;
use placeholders::Placeholders;
use visits::{VISITS, Visit};

/// The biller whose run meets a SecureAuth that does not show organizations, until the timer fires.
const WAITING: &str = "1877";

async fn stack() -> Result<Stack, Box<dyn std::error::Error>> {
    let mut options = options().patient();
    options.recorded = true;
    // The timer fires when a visit says so.
    options.timer_interval = Some(Duration::from_hours(24));
    let options = options
        .set("MAX_BODY_BYTES", "1024")
        .set("RUN_PAUSES", "3s")
        .set("RETRY_ATTEMPTS", "1");
    let stack = Stack::start(options).await?;
    for biller in ["1876", WAITING] {
        add_biller(&stack, biller, 2)?;
    }
    Ok(stack)
}

/// Plays all visits. Calls `each` after a visit has had all its effects.
async fn play(
    stack: &Stack,
    door: &FrontDoor,
    mut each: impl FnMut(&Visit, &str),
) -> Result<(), Box<dyn std::error::Error>> {
    for visit in VISITS {
        if visit.biller == WAITING {
            let refused = Fault::on("get_organization", refusal(503, false));
            stack.simulator().faults().add(refused);
        }
        if visit.is_timer_of_due_runs() {
            stack.simulator().faults().clear();
            until("the run is due", || {
                let run = stack.database().latest_run(WAITING)?;
                let due = run.and_then(|run| run.next_attempt_at);
                Ok(due.is_some_and(|due| due < system_clock()()))
            })
            .await?;
        }
        let answer = visit.send(door).await?;
        stack.settle(Duration::ZERO, DEADLINE).await?;
        each(visit, &answer);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn handler_and_lenient_host_answer_as_recorded() -> Outcome {
    let stack = stack().await?;
    let mut recording = Recording::open();
    let mut placeholders = Placeholders::default();
    let (mut seen, mut called) = (0, BTreeSet::new());
    play(&stack, stack.front_door(), |visit, answer| {
        let mut sections = vec![visit.shown()];
        let exchanges = stack.host().exchanges();
        for exchange in exchanges.iter().skip(seen) {
            let (function, status, content_type) = (&exchange.function, exchange.status, &exchange.content_type);
            called.insert(function.clone());
            sections.push(format!("--- to {function}\n{}", exchange.envelope));
            sections.push(format!(
                "--- from {function}\n{status} {content_type}\n{}",
                exchange.answer
            ));
        }
        seen = exchanges.len();
        sections.push(format!("--- to the caller\n{answer}\n"));
        let text = sections.join("\n\n");
        recording.add(visit.name, &placeholders.put_into(&text));
    })
    .await?;
    assert_eq!(called, functions(), "every function needs a visit");
    recording.finish()
}
