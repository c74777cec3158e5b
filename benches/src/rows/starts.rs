//! How fast the process starts, and its memory when it is idle.

use super::Recorder;
use crate::error::BenchError;
use crate::measure::start;
use crate::plan::Plan;
use crate::program::Programs;
use crate::results::{Results, Row, percentile};

/// Starts of which the idle memory is taken; each takes a second.
const WITH_MEMORY: u32 = 3;

pub(super) async fn measure_all(plan: &Plan, programs: &Programs, results: &mut Results) -> Result<(), BenchError> {
    for program in programs.in_turn() {
        let stack = programs.stack(program).await?;
        let (executable, settings) = (programs.executable(program), stack.handler().settings().clone());
        let app_root = stack.directory().join("app");
        let mut recorder = Recorder {
            results: &mut *results,
            program,
            run: 1,
            latency_ms: 0,
            users: 0,
        };
        let mut times = Vec::new();
        for number in 1..=plan.starts {
            let started = start(&executable, &settings, &app_root, number <= WITH_MEMORY).await?;
            times.push(started.first_answer.as_secs_f64() * 1e3);
            if let Some(memory) = started.idle_memory {
                recorder.run = number;
                recorder.add(Row::IdleMemory, memory);
            }
        }
        recorder.run = 1;
        if let (Some(median), Some(p99)) = (percentile(times.clone(), 50), percentile(times, 99)) {
            recorder.add(Row::FirstAnswerMedian, median);
            recorder.add(Row::FirstAnswerP99, p99);
            eprintln!(
                "bench: {} starts: {program} {median:.1} ms, p99 {p99:.1} ms",
                plan.starts
            );
        }
        stack.stop(false).await;
    }
    Ok(())
}
