//! What the handler answers to every kind of envelope, and what the host makes of it, byte for byte. `make host-recording` writes
//! `tests/host_recording/`; the tests compare. What differs each time (ids, times, ports) has a placeholder.
//!
//! The stand-in is lenient here, as the real host is. `FUNCTIONS_HOST` names a command that starts another host, such as
//! `func start --port {port}`: it has to give callers the recorded answers (CONTRIBUTING.md#the-recording).

mod another_host;
mod files;
mod placeholders;
mod requests;

use std::collections::BTreeSet;
use std::time::Duration;

use functions_host::system_clock;
use local_stack::{Crm, Database, FrontDoor, Stack, StackOptions, UserRow};
use secureauth_simulator::{Fault, Simulator};

use crate::fuzzing::functions;
use crate::support::{DEADLINE, Outcome, options as usual, refusal, until};
use files::Recording;
use placeholders::Placeholders;
use requests::{REQUESTS, Request};

/// The biller whose run meets a SecureAuth that does not show organizations, until the timer fires.
const WAITING: &str = "1877";

/// What stands behind a host.
struct Behind<'a> {
    simulator: &'a Simulator,
    database: &'a Database,
}

fn options() -> StackOptions {
    usual()
        .patient()
        .set("MAX_BODY_BYTES", "1024")
        .set("RUN_PAUSES", "3s")
        .set("RETRY_ATTEMPTS", "1")
}

fn add_billers(crm: &Crm) -> Outcome {
    for biller in ["1876", WAITING] {
        crm.add_biller(biller, "Smith & Sons, Inc.")?;
        crm.add_users(biller, &UserRow::samples(biller, 2))?;
    }
    Ok(())
}

/// Sends all requests, and calls `each` after each of them.
async fn play(behind: &Behind<'_>, door: &FrontDoor, mut each: impl AsyncFnMut(&Request, &str) -> Outcome) -> Outcome {
    for request in REQUESTS {
        if request.biller == WAITING {
            let refused = Fault::on("get_organization", refusal(503, false));
            behind.simulator.faults().add(refused);
        }
        if request.is_timer_of_due_runs() {
            behind.simulator.faults().clear();
            until("the run is due", || {
                let run = behind.database.latest_run(WAITING)?;
                let due = run.and_then(|run| run.next_attempt_at);
                Ok(due.is_some_and(|due| due < system_clock()()))
            })
            .await?;
        }
        let answer = request.send(door).await?;
        each(request, &answer).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn handler_and_lenient_host_answer_as_recorded() -> Outcome {
    let mut options = options();
    (options.strict, options.recorded) = (false, true);
    // The timer fires when a request says so.
    options.timer_interval = Some(Duration::from_hours(24));
    let stack = Stack::start(options).await?;
    add_billers(stack.crm())?;
    let behind = Behind {
        simulator: stack.simulator(),
        database: stack.database(),
    };
    let mut recording = Recording::open();
    let mut placeholders = Placeholders::default();
    let (mut seen, mut called) = (0, BTreeSet::new());
    play(&behind, stack.front_door(), async |request, answer| {
        stack.settle(Duration::ZERO, DEADLINE).await?;
        let mut sections = vec![request.shown()];
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
        recording.add(request.name, &placeholders.put_into(&text));
        Ok(())
    })
    .await?;
    assert_eq!(called, functions(), "every function needs a request");
    recording.finish()
}
