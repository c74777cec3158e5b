//! Holds a call of a run.

use std::time::Duration;

use local_stack::Stack;
use tokio::time::Instant;

use crate::support::DEADLINE;

/// Waits until the fault holds a call of the biller's run. `false`: the run ended before.
pub(crate) async fn is_held(stack: &Stack, biller: &str, fault: u64) -> Result<bool, Box<dyn std::error::Error>> {
    let end = Instant::now() + DEADLINE;
    loop {
        let faults = stack.simulator().faults().list();
        if faults.iter().any(|it| it.id == fault && it.held > 0) {
            return Ok(true);
        }
        let run = stack.database().latest_run(biller)?;
        if run.is_some_and(|run| run.has_ended()) {
            return Ok(false);
        }
        assert!(
            Instant::now() < end,
            "{biller}: no call is held and the run does not end"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
