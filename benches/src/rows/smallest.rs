//! The calls to SecureAuth of the smallest onboarding: a biller with one user.

use std::collections::BTreeMap;

use super::Recorder;
use crate::error::BenchError;
use crate::measure::{load, measure};
use crate::program::Programs;
use crate::results::{Results, Row};

const BILLER: &str = "1001";

pub(super) async fn measure_all(programs: &Programs, results: &mut Results) -> Result<(), BenchError> {
    for program in programs.in_turn() {
        let stack = programs.stack(program).await?;
        load(&stack, BILLER, 1)?;
        let measured = measure(&stack, BILLER, 1).await?;
        stack.stop(false).await;
        let mut calls: BTreeMap<&str, u32> = BTreeMap::new();
        for call in &measured.calls {
            *calls.entry(call.operation.as_deref().unwrap_or("unknown")).or_default() += 1;
        }
        let list: Vec<_> = calls.iter().map(|(name, count)| format!("{count} {name}")).collect();
        results.remarks.push(format!(
            "Calls of the smallest onboarding, {program}: {}.",
            list.join(", ")
        ));
        let mut recorder = Recorder {
            results: &mut *results,
            program,
            run: 1,
            latency_ms: 0,
            users: 1,
        };
        recorder.add(Row::Calls, f64::from(calls.values().sum::<u32>()));
    }
    Ok(())
}
