//! User names and addresses that pass from one person to another (docs/ARCHITECTURE.md#names).
//!
//! A pass only notes who claims what. Afterwards, while no other task works on the accounts, the holders lose what they have no
//! right to, and the next pass brings takers and holders in line.

use futures_util::{StreamExt, stream};

use super::super::super::failure::StepError;
use super::super::super::run_context::RunContext;
use super::conflict::Part;
use super::entries::Removal;
use super::person::{Wanted, is_unknown, user_id};
use super::target::Target;
use super::values::fold;
use crate::domain::ids::OnboardingId;
use crate::domain::issue::Issue;
use crate::domain::run::Progress;
use crate::store::{Account, AccountChanges, Batch};
use ic_secureauth_api::{ApiError, User, UserId, Versioned};

/// Holders whose accounts are opened in one transaction.
const AT_ONCE: usize = 1_000;

/// What a holder has to give up.
#[derive(Debug)]
pub(super) struct Claim {
    /// The open account of the user who is to get it.
    taker: Account,
    holder: Account,
    part: Part,
    value: String,
}

impl Claim {
    pub(super) fn of(part: Part, wanted: &Wanted, taker: Account, holder: Account) -> Self {
        let value = match part {
            Part::UserName => wanted.user_name(),
            Part::Address => wanted.email(),
        };
        Self {
            taker,
            holder,
            part,
            value: value.to_owned(),
        }
    }

    /// SecureAuth does not take it from the holder: the taker is a data error. A taker who is to be imported has no account then.
    fn refused(&self, run: OnboardingId, changes: &mut AccountChanges) -> Issue {
        let taker = self.taker.user_guid;
        if is_unknown(&self.taker) || self.taker.created_by == Some(run) {
            changes.removed.push(taker);
        } else {
            changes.settled.push(taker);
        }
        Issue::held(taker, self.part.field(), self.holder.user_guid.to_string())
    }
}

/// Opens the holders' accounts, removes what is claimed from their users, and records that they have lost it.
pub(super) async fn make_way(
    context: &mut RunContext<'_>,
    target: &Target,
    mut claims: Vec<Claim>,
) -> Result<(), StepError> {
    while !claims.is_empty() {
        let some: Vec<Claim> = claims.drain(..claims.len().min(AT_ONCE)).collect();
        let mut tally = context.run.tally.clone();
        // A holder whose account is open was counted by the pass that opened it.
        tally.passed_on += some.iter().filter(|claim| !claim.holder.open).count() as u64;
        target.guard.allows(tally.guarded())?;
        let changes = AccountChanges {
            opened: some.iter().map(|claim| claim.holder.user_guid).collect(),
            ..AccountChanges::of(target.record.no)
        };
        let batch = Batch {
            accounts: Some(changes),
            tally: Some(tally),
            ..Batch::default()
        };
        context.write(batch).await?;
        let released: Vec<Result<(Claim, bool), StepError>> = stream::iter(some)
            .map(|claim| async move { release(target, &claim).await.map(|is_free| (claim, is_free)) })
            .buffer_unordered(target.in_flight)
            .collect()
            .await;
        let mut changes = AccountChanges::of(target.record.no);
        let mut issues = Vec::new();
        let mut failed = None;
        for released in released {
            match released {
                Ok((claim, false)) => issues.push(claim.refused(context.run.id, &mut changes)),
                Ok((claim, true)) if claim.part == Part::UserName => changes.nameless.push(claim.holder.user_guid),
                Ok((claim, true)) => changes.addressless.push(claim.holder.user_guid),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        let refused = issues.len() as u64;
        let before = context.run.progress;
        let batch = Batch {
            // Only what is given up is progress: a call that always fails must not keep the run open for ever.
            is_progress: !changes.nameless.is_empty() || !changes.addressless.is_empty(),
            accounts: Some(changes),
            issues_total: Some(context.run.issues_total + refused),
            issues,
            progress: Some(Progress {
                skipped: before.skipped + refused,
                ..before
            }),
            ..Batch::default()
        };
        context.write(batch).await?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok(())
}

/// Removes what is claimed from the holder's user. What is gone already counts as removed. `false`: SecureAuth refuses.
async fn release(target: &Target, claim: &Claim) -> Result<bool, StepError> {
    let (api, pool) = (&target.api, &target.pool);
    let id = user_id(&claim.holder, &target.values.ids);
    let found = match api.user(pool, &id).await? {
        // A read may not show a user who is there, and who keeps the value then.
        None => shown_by_value(target, claim, &id).await?,
        found => found,
    };
    let Some(found) = found else {
        return Ok(true);
    };
    let is_name = claim.part == Part::UserName;
    let ignores_case = target.values.case_insensitive || !is_name;
    let is_claimed = |text: &str| fold(text, ignores_case) == fold(&claim.value, ignores_case);
    for identifier in &found.value.identifiers {
        // The identifier that an activation made of an address goes with it.
        let counts = is_name || identifier.kind == "email";
        let text = &identifier.identifier;
        if counts && is_claimed(text) && !is_removed(target.remove(&id, Part::UserName, text).await)? {
            return Ok(false);
        }
    }
    for address in &found.value.verifiable_addresses {
        let text = &address.address;
        if !is_name && is_claimed(text) && !is_removed(target.remove(&id, Part::Address, text).await)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The holder, found by what is claimed.
async fn shown_by_value(target: &Target, claim: &Claim, id: &UserId) -> Result<Option<Versioned<User>>, ApiError> {
    let (api, pool) = (&target.api, &target.pool);
    let found = match claim.part {
        Part::UserName => api.find_user_by_identifier(pool, &claim.value).await?,
        Part::Address => api.find_user_by_address(pool, &claim.value).await?,
    };
    Ok(found.filter(|found| found.value.id == *id))
}

/// `false`: SecureAuth refuses.
fn is_removed(removed: Result<Removal, ApiError>) -> Result<bool, StepError> {
    match removed {
        Ok(Removal::Gone) => Ok(true),
        Ok(Removal::Shown) => Err(StepError::not_shown()),
        Err(error) if error.is_refusal() && !error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
