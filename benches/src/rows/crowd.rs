//! Several billers at once.

use std::time::Duration;

use futures_util::future::try_join_all;
use local_stack::Stack;
use tokio::time::Instant;

use super::Recorder;
use crate::error::BenchError;
use crate::measure::{IMPORT, accept, delay_everything, delay_imports, load, now, seconds, until_active};
use crate::plan::{Crowd, Plan};
use crate::program::{Program, Programs};
use crate::results::{Results, Row};

const SMALL: &str = "small";
const SMALL_USERS: u32 = 3;
/// The longest wait for the first import of the big billers.
const FIRST_IMPORT: Duration = Duration::from_mins(5);
/// Time between two looks at the simulator's call log.
const LOOK: Duration = Duration::from_millis(5);

/// Billers of a few users per second, all toggled at once.
pub(super) async fn small_billers(plan: &Plan, programs: &Programs, results: &mut Results) -> Result<(), BenchError> {
    for run in 1..=plan.runs {
        for program in programs.in_turn() {
            let stack = programs.stack(program).await?;
            let billers = load_all(&stack, plan.small)?;
            delay_everything(&stack, plan.small.latency_ms);
            let begun = Instant::now();
            try_join_all(billers.iter().map(|biller| accept(&stack, biller))).await?;
            for biller in &billers {
                until_active(&stack, biller).await?;
            }
            let per_second = f64::from(plan.small.billers) / begun.elapsed().as_secs_f64();
            stack.stop(false).await;
            eprintln!(
                "bench: small billers, run {run} of {}: {program} {per_second:.1} per s",
                plan.runs
            );
            recorder(results, program, run, plan.small).add(Row::SmallBillers, per_second);
        }
    }
    Ok(())
}

/// How long a small biller takes while big ones are being imported.
pub(super) async fn small_behind_big(
    plan: &Plan,
    programs: &Programs,
    results: &mut Results,
) -> Result<(), BenchError> {
    for run in 1..=plan.runs {
        for program in programs.in_turn() {
            let stack = programs.stack(program).await?;
            let billers = load_all(&stack, plan.big)?;
            load(&stack, SMALL, SMALL_USERS)?;
            delay_imports(stack.simulator(), plan.big.latency_ms);
            try_join_all(billers.iter().map(|biller| accept(&stack, biller))).await?;
            until_importing(&stack).await;
            let posted = now();
            accept(&stack, SMALL).await?;
            let taken = seconds(posted, until_active(&stack, SMALL).await?);
            stack.stop(false).await;
            eprintln!(
                "bench: behind big billers, run {run} of {}: {program} {taken:.2} s",
                plan.runs
            );
            recorder(results, program, run, plan.big).add(Row::SmallBehindBig, taken);
        }
    }
    Ok(())
}

fn load_all(stack: &Stack, crowd: Crowd) -> Result<Vec<String>, BenchError> {
    let billers: Vec<String> = (1..=crowd.billers).map(|number| format!("biller-{number}")).collect();
    for biller in &billers {
        load(stack, biller, crowd.users)?;
    }
    Ok(billers)
}

/// Waits until an import has reached SecureAuth.
async fn until_importing(stack: &Stack) {
    let end = Instant::now() + FIRST_IMPORT;
    let has_import = || {
        let calls = stack.simulator().calls();
        calls.iter().any(|call| call.operation.as_deref() == Some(IMPORT))
    };
    while !has_import() && Instant::now() < end {
        tokio::time::sleep(LOOK).await;
    }
}

fn recorder(results: &mut Results, program: Program, run: u32, crowd: Crowd) -> Recorder<'_> {
    Recorder {
        results,
        program,
        run,
        latency_ms: crowd.latency_ms,
        users: crowd.users,
    }
}
