//! Syncs of a biller with few changes: their time, their calls, and what each leaves in the database.

use local_stack::{Stack, UserRow};
use rusqlite::Connection;
use tokio::time::Instant;

use super::Recorder;
use crate::error::BenchError;
use crate::measure::{accept, load, measure, until_ended};
use crate::plan::Plan;
use crate::program::{Program, Programs};
use crate::results::{Results, Row};

const BILLER: &str = "1001";
/// Users whose first name changes before each sync.
const CHANGED: u32 = 10;

/// Of the handler only: the peer knows no sync.
pub(super) async fn measure_all(plan: &Plan, programs: &Programs, results: &mut Results) -> Result<(), BenchError> {
    let users = plan.synced;
    let stack = programs.stack(Program::Handler).await?;
    load(&stack, BILLER, users)?;
    measure(&stack, BILLER, users).await?;
    let mut recorder = Recorder {
        results,
        program: Program::Handler,
        run: 1,
        latency_ms: 0,
        users,
    };
    let mut times = Vec::new();
    let mut sizes = Vec::new();
    for number in 1..=plan.syncs {
        change_some(&stack, number)?;
        stack.simulator().clear_calls();
        let begun = Instant::now();
        accept(&stack, BILLER).await?;
        until_ended(&stack, BILLER).await?;
        times.push(begun.elapsed().as_secs_f64());
        sizes.push(database_size(&stack)?);
        if number == 1 {
            let calls = u32::try_from(stack.simulator().calls().len()).unwrap_or(u32::MAX);
            recorder.add(Row::SyncCalls, f64::from(calls));
        }
    }
    stack.stop(false).await;
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Ok(());
    };
    eprintln!("bench: sync of {users} users: {first:.2} s, the last one {last:.2} s");
    recorder.add(Row::Sync, *first);
    recorder.add(Row::LastSync, *last);
    // The first ones use pages that the import has freed.
    let half = sizes.len() / 2;
    if let (Some(before), Some(after)) = (sizes.get(half), sizes.last()) {
        let syncs = u32::try_from(sizes.len() - half - 1).unwrap_or(u32::MAX);
        recorder.add(Row::SyncGrowth, (after - before) / f64::from(syncs.max(1)));
    }
    Ok(())
}

fn change_some(stack: &Stack, number: u32) -> Result<(), BenchError> {
    for user in 1..=CHANGED {
        let row = UserRow {
            first_name: Some(format!("Changed {number}")),
            ..UserRow::sample(BILLER, user)
        };
        stack.crm().replace_user(BILLER, &row)?;
    }
    Ok(())
}

/// KiB in use.
fn database_size(stack: &Stack) -> Result<f64, BenchError> {
    let database = Connection::open(stack.database().path())?;
    let pragma = |name: &str| database.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, u32>(0));
    let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(f64::from(pages) * f64::from(pragma("page_size")?) / 1024.0)
}
