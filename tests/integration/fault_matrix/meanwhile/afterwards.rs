//! After a case nothing fails any more, and another Yes brings SecureAuth exactly to what the CRM holds by then.

use local_stack::Stack;

use super::super::invariant::{Before, Broken};
use super::super::snapshot::Snapshot;
use super::super::table;
use super::are_kept;
use crate::support::enable;

/// Sets the toggle to Yes. Asserts that SecureAuth holds what the CRM holds, whatever happened before. `attempts`: more than one
/// where deadlines are so short that a busy machine misses them.
pub(in super::super) async fn everything_is_caught_up(
    stack: &Stack,
    before: &Before<'_>,
    rolled_back: bool,
    attempts: usize,
) -> Result<(), Broken> {
    let mut run = enable(stack, before.biller).await?;
    for _ in 1..attempts {
        if run.state == "failed" {
            run = enable(stack, before.biller).await?;
        }
    }
    if run.state != "succeeded" {
        let (kind, state) = (&run.kind, &run.state);
        return Err(format!(
            "afterwards a {kind} run is {state}: {:?}, {:?}",
            run.reason, run.last_error
        )
        .into());
    }
    let now = Snapshot::take(stack, before.biller).await?;
    now.elsewhere.is_as_before(&before.snapshot.elsewhere)?;
    Ok(is_as_the_crm_says(before, rolled_back, &now).map_err(|what| format!("afterwards {what}"))?)
}

pub(super) fn is_as_the_crm_says(before: &Before<'_>, rolled_back: bool, now: &Snapshot) -> Result<(), String> {
    if now.secureauth.deactivated() != Some(false) {
        return Err("the organization is not live".to_owned());
    }
    let pools: Vec<_> = now.secureauth.pools.values().collect();
    let [pool] = pools.as_slice() else {
        return Err(format!("there are {} pools", pools.len()));
    };
    let theirs = before.theirs();
    for (id, user) in &theirs {
        if pool.users.get(*id) != Some(*user) {
            return Err(format!("a user of somebody else changed: {id}"));
        }
    }
    table::is_exact(before, now, pool)?;
    are_kept(before, rolled_back, now)
}
