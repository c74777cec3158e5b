//! Waits until the database shows an expected state, with a time limit.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use super::Stack;
use crate::database::RunRecord;
use crate::error::StackError;

/// Time between two looks at the database.
const LOOK: Duration = Duration::from_millis(10);

/// The expected state was not reached in time.
#[derive(Debug, thiserror::Error)]
#[error("after {deadline:?} {what}; the handlers' last errors:\n{errors}")]
pub struct NotReached {
    /// The time limit that was reached.
    pub deadline: Duration,
    /// The state that was found instead.
    pub what: String,
    /// The handlers' last lines with an error or a warning.
    pub errors: String,
}

impl Stack {
    /// Waits until every run has ended or is stuck, and the hosts have nothing to do.
    pub async fn drain(&self, deadline: Duration) -> Result<(), StackError> {
        self.settle(Duration::MAX, deadline).await
    }

    /// Waits until every run has ended, is stuck, or pauses for longer than `pause`, and the hosts have nothing to do.
    pub async fn settle(&self, pause: Duration, deadline: Duration) -> Result<(), StackError> {
        let end = Instant::now() + deadline;
        loop {
            let runs = self.database().runs()?;
            let busy: Vec<_> = runs.iter().filter(|run| is_busy(run, pause)).map(describe).collect();
            if busy.is_empty() {
                break;
            }
            if Instant::now() >= end {
                return Err(self.not_reached(deadline, busy.join("; ")).into());
            }
            tokio::time::sleep(LOOK).await;
        }
        for host in self.hosts() {
            let left = end.saturating_duration_since(Instant::now());
            let idle = host.wait_until_idle(left).await;
            idle.map_err(|error| self.not_reached(deadline, error.to_string()))?;
        }
        Ok(())
    }

    /// Waits until `holds` holds for a biller's latest run. Returns that run.
    pub async fn wait_for(
        &self,
        biller_id: &str,
        deadline: Duration,
        holds: impl Fn(&RunRecord) -> bool,
    ) -> Result<RunRecord, StackError> {
        let end = Instant::now() + deadline;
        loop {
            let latest = self.database().latest_run(biller_id)?;
            if let Some(run) = latest.as_ref().filter(|run| holds(run)) {
                return Ok(run.clone());
            }
            if Instant::now() >= end {
                let what = latest.map_or_else(|| format!("biller {biller_id} has no run"), |run| describe(&run));
                return Err(self.not_reached(deadline, what).into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until a biller's latest run has ended or is stuck. Returns that run.
    pub async fn wait_for_end(&self, biller_id: &str, deadline: Duration) -> Result<RunRecord, StackError> {
        self.wait_for(biller_id, deadline, RunRecord::has_ended).await
    }

    /// Waits until the handlers have logged an error or a warning for which `holds` holds. Returns the newest one.
    /// Without waiting it may be missing, because the database shows an event earlier than the log.
    pub async fn wait_for_error_line(
        &self,
        deadline: Duration,
        holds: impl Fn(&str) -> bool,
    ) -> Result<String, StackError> {
        let end = Instant::now() + deadline;
        loop {
            let newest = self.error_lines().into_iter().rfind(|line| holds(line));
            if let Some(line) = newest {
                return Ok(line);
            }
            if Instant::now() >= end {
                return Err(self.not_reached(deadline, "no such line is logged".to_owned()).into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn not_reached(&self, deadline: Duration, what: String) -> NotReached {
        let errors = self.error_lines();
        NotReached {
            deadline,
            what,
            errors: errors.split_at(errors.len().saturating_sub(5)).1.join("\n"),
        }
    }
}

fn is_busy(run: &RunRecord, pause: Duration) -> bool {
    let rests = || {
        // The handlers are other processes, which use the machine's clock.
        #[expect(
            clippy::disallowed_methods,
            reason = "due times are compared with the clock that wrote them"
        )]
        let now = OffsetDateTime::now_utc();
        run.next_attempt_at.is_some_and(|next| next - now > pause)
    };
    !run.has_ended() && !rests()
}

fn describe(run: &RunRecord) -> String {
    format!(
        "biller {}: {} run is {} at {}, waiting for {}",
        run.biller_id,
        run.kind,
        run.state,
        run.step.as_deref().unwrap_or("its start"),
        run.waiting_for.as_deref().unwrap_or("nothing"),
    )
}
