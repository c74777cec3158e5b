//! One biller at a time, for each latency: slots used, phases, POST to Active, CPU, memory.

use super::Recorder;
use crate::error::BenchError;
use crate::measure::{Measured, Phases, delay_imports, load, measure, replay, seconds};
use crate::plan::{Plan, Size};
use crate::program::{Program, Programs};
use crate::results::{Results, Row};

const BILLER: &str = "1001";
const MICROSECONDS: f64 = 1e6;

pub(super) async fn measure_all(plan: &Plan, programs: &Programs, results: &mut Results) -> Result<(), BenchError> {
    for size in &plan.sizes {
        for run in 1..=plan.runs {
            for program in programs.in_turn() {
                let measured = one(programs, program, *size).await?;
                let seconds = seconds(measured.posted, measured.active);
                eprintln!(
                    "bench: {} users, {} ms, run {run} of {}: {program} {seconds:.2} s",
                    size.users, size.latency_ms, plan.runs
                );
                let mut recorder = recorder(results, program, run, *size);
                record(&mut recorder, &measured);
                if program == Program::Handler {
                    let phases = replay(measured.calls, size.latency_ms).await?;
                    record_import(&mut self::recorder(results, Program::Replay, run, *size), &phases);
                }
            }
        }
    }
    Ok(())
}

async fn one(programs: &Programs, program: Program, size: Size) -> Result<Measured, BenchError> {
    let stack = programs.stack(program).await?;
    load(&stack, BILLER, size.users)?;
    delay_imports(stack.simulator(), size.latency_ms);
    // The replay sends the same bytes. The peer's bodies are kept too, so that the simulator works as much for both.
    let kept = stack.simulator().set_switch("keep-request-bodies", "on");
    kept.map_err(|error| BenchError::Simulator(error.to_string()))?;
    let measured = measure(&stack, BILLER, size.users).await?;
    stack.stop(false).await;
    Ok(measured)
}

fn recorder(results: &mut Results, program: Program, run: u32, size: Size) -> Recorder<'_> {
    Recorder {
        results,
        program,
        run,
        latency_ms: size.latency_ms,
        users: size.users,
    }
}

fn record(recorder: &mut Recorder<'_>, measured: &Measured) {
    if let Some(phases) = Phases::of(&measured.calls) {
        record_import(recorder, &phases);
        recorder.add(Row::AcceptedToImport, seconds(measured.accepted, phases.first_import));
        recorder.add(Row::VerificationToActive, seconds(phases.last_import, measured.active));
    }
    recorder.add(Row::PostToActive, seconds(measured.posted, measured.active));
    let per_user = measured.cpu.as_secs_f64() * MICROSECONDS / f64::from(recorder.users);
    recorder.add(Row::CpuPerUser, per_user);
    recorder.add(Row::PeakMemory, measured.peak_memory);
}

fn record_import(recorder: &mut Recorder<'_>, phases: &Phases) {
    recorder.add(Row::SlotsUsed, phases.slots_used());
    recorder.add(Row::Import, phases.import());
}
