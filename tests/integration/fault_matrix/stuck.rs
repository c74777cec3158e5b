//! What must hold for a stuck run: an error line names the run, its reason and what it left where.

use local_stack::{RunRecord, Stack};

use super::invariant::{Before, Broken};
use super::nearer::users_are_as_before;
use super::snapshot::Snapshot;
use crate::support::DEADLINE;

/// Waits for the error line. Asserts that it names everything.
pub(super) async fn is_reported(
    stack: &Stack,
    before: &Before<'_>,
    run: &RunRecord,
    now: &Snapshot,
) -> Result<(), Broken> {
    stack.wait_for_error_line(DEADLINE, |line| is_report(line, run)).await?;
    Ok(says_enough(&stack.error_lines(), before, run, now)?)
}

/// Asserts that the newest report of the run names its reason and everything that is left.
pub(super) fn says_enough(
    lines: &[String],
    before: &Before<'_>,
    run: &RunRecord,
    now: &Snapshot,
) -> Result<(), String> {
    let line = lines.iter().rfind(|line| is_report(line, run));
    let line = line.ok_or("Stuck, but no error line says so")?;
    let reason = run.reason.clone().ok_or("Stuck, but without a reason")?;
    let names = std::iter::once(reason).chain(left(before, now));
    match names.into_iter().find(|what| !line.contains(what.as_str())) {
        Some(what) => Err(format!("Stuck, but `{what}` is not named by: {line}")),
        None => Ok(()),
    }
}

fn is_report(line: &str, run: &RunRecord) -> bool {
    line.contains("the run is stuck") && line.contains(&run.onboarding_id)
}

/// What the run has left in SecureAuth, as a report has to name it.
fn left(before: &Before<'_>, now: &Snapshot) -> Vec<String> {
    let (old, new) = (&before.snapshot.secureauth, &now.secureauth);
    let mut left = Vec::new();
    match (old.deactivated(), new.deactivated()) {
        (None, Some(_)) => left.push(format!("organization {}", before.biller)),
        (old, new) if !before.meanwhile.flag_may_be(new, old) => {
            left.push(format!("deactivated flag of organization {}", before.biller));
        }
        _ => {}
    }
    for (id, pool) in &new.pools {
        match old.pools.get(id) {
            None => left.push(format!("pool {id}")),
            Some(old) => {
                let is_new = |user: &String| !old.users.contains_key(user);
                if pool.users.keys().any(is_new) || users_are_as_before(before, old, pool, now).is_err() {
                    left.push(format!("users in pool {id}"));
                }
            }
        }
    }
    left
}
