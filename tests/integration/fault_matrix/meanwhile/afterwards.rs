//! After a case nothing fails any more, and another Yes brings SecureAuth to what the CRM holds by then.

use local_stack::Stack;

use super::super::invariant::{Before, Broken};
use super::super::scenario::Scenario;
use super::super::snapshot::Snapshot;
use super::super::succeeded::{self, Accounts};
use super::are_kept;
use crate::support::enable;

/// Sets the toggle to Yes. Asserts that SecureAuth holds what the CRM holds, whatever happened before. `attempts`: more than one
/// where deadlines are so short that a busy machine misses them.
pub(super) async fn everything_is_caught_up(
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
        return Err(format!("afterwards a {} run is {}: {:?}", run.kind, run.state, run.reason).into());
    }
    let now = Snapshot::take(stack, before.biller).await?;
    now.elsewhere.is_as_before(&before.snapshot.elsewhere)?;
    let accounts = succeeded::accounts(stack, before.biller)?;
    Ok(is_as_the_crm_says(before, rolled_back, &now, &accounts).map_err(|what| format!("afterwards {what}"))?)
}

pub(super) fn is_as_the_crm_says(
    before: &Before<'_>,
    rolled_back: bool,
    now: &Snapshot,
    accounts: &Accounts,
) -> Result<(), String> {
    if now.secureauth.deactivated() != Some(false) {
        return Err("the organization is not live".to_owned());
    }
    let pools: Vec<_> = now.secureauth.pools.values().collect();
    let [pool] = pools.as_slice() else {
        return Err(format!("there are {} pools", pools.len()));
    };
    let foreign = before.course.scenario == Scenario::ForeignPool;
    let found = before.snapshot.secureauth.pools.values().next();
    let theirs = found.into_iter().flat_map(|found| &found.users).filter(|_| foreign);
    let rows = before.course.wished_users(before.biller);
    let choices = before.meanwhile.choices_afterwards(rows);
    succeeded::users(&choices, &theirs.collect(), pool, accounts)?;
    are_kept(before, rolled_back, now)
}
