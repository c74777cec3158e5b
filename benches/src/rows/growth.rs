//! How the handler's time and memory grow with the number of users, without latency.

use super::Recorder;
use crate::error::BenchError;
use crate::measure::{load, measure, seconds};
use crate::output::table::grouped;
use crate::plan::Plan;
use crate::program::{Program, Programs};
use crate::results::{Results, Row};

const BILLER: &str = "1001";

/// Once per number of users: memory and time of long runs hardly vary.
pub(super) async fn measure_all(plan: &Plan, programs: &Programs, results: &mut Results) -> Result<(), BenchError> {
    let mut measured = Vec::new();
    for users in &plan.growth {
        let stack = programs.stack(Program::Handler).await?;
        load(&stack, BILLER, *users)?;
        let one = measure(&stack, BILLER, *users).await?;
        stack.stop(false).await;
        let time = seconds(one.posted, one.active);
        eprintln!("bench: {users} users: {time:.2} s, {:.0} MiB", one.peak_memory);
        measured.push((*users, time, one.peak_memory));
        let is_in_a_row_above = plan
            .sizes
            .iter()
            .any(|size| size.latency_ms == 0 && size.users == *users);
        if !is_in_a_row_above {
            let mut recorder = Recorder {
                results,
                program: Program::Handler,
                run: 1,
                latency_ms: 0,
                users: *users,
            };
            recorder.add(Row::PostToActive, time);
            recorder.add(Row::PeakMemory, one.peak_memory);
        }
    }
    results.remarks.extend(remarks(&measured));
    Ok(())
}

/// The last number of users compared with the one before it, and in memory with the first.
fn remarks(measured: &[(u32, f64, f64)]) -> Vec<String> {
    let last_two = measured.split_at(measured.len().saturating_sub(2)).1;
    let ([first, ..], [before, last]) = (measured, last_two) else {
        return Vec::new();
    };
    let users = grouped(last.0);
    vec![
        format!(
            "The handler's peak memory with {users} users is {:.1} MiB more than with {}.",
            last.2 - first.2,
            grouped(first.0)
        ),
        format!(
            "POST → Active with {users} users takes the handler {:.2} times as long as with {}, without latency.",
            last.1 / before.1.max(f64::MIN_POSITIVE),
            grouped(before.0)
        ),
    ]
}
