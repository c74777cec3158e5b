//! User names and addresses that pass from one person to another (docs/ARCHITECTURE.md#names).
//!
//! A pass only notes who claims what. Afterwards, while no other task works on the accounts, the holders lose what they have no
//! right to, and the next pass brings takers and holders in line.

use futures_util::{StreamExt, stream};

use super::super::super::failure::StepError;
use super::super::super::run_context::RunContext;
use super::names::Holder;
use super::person::{Wanted, user_id};
use super::removal::Removal;
use super::target::Target;
use super::values::fold;
use crate::store::{Account, AccountChanges, Batch};
use ic_secureauth_api::{ApiError, User, UserId, Versioned};

/// Holders whose accounts are opened in one transaction.
const AT_ONCE: usize = 1_000;

/// What a holder has to give up.
#[derive(Debug)]
pub(super) struct Claim {
    holder: Account,
    user_name: Option<String>,
    address: Option<String>,
}

impl Claim {
    pub(super) fn of_name(wanted: &Wanted, holder: &Holder) -> Self {
        Self {
            holder: holder.account.clone(),
            user_name: Some(wanted.user_name().to_owned()),
            address: None,
        }
    }

    pub(super) fn of_address(wanted: &Wanted, holder: Account) -> Self {
        Self {
            holder,
            user_name: None,
            address: Some(wanted.email().to_owned()),
        }
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
        let released: Vec<Result<Claim, StepError>> = stream::iter(some)
            .map(|claim| async move { release(target, &claim).await.map(|()| claim) })
            .buffer_unordered(target.in_flight)
            .collect()
            .await;
        let mut changes = AccountChanges::of(target.record.no);
        let mut failed = None;
        for released in released {
            match released {
                Ok(claim) if claim.user_name.is_some() => changes.nameless.push(claim.holder.user_guid),
                Ok(claim) => changes.addressless.push(claim.holder.user_guid),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        // Only what is given up is progress: a call that always fails must not keep the run open for ever.
        let batch = Batch {
            is_progress: !changes.nameless.is_empty() || !changes.addressless.is_empty(),
            accounts: Some(changes),
            ..Batch::default()
        };
        context.write(batch).await?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok(())
}

/// Removes what is claimed from the holder's user. What is gone already counts as removed.
async fn release(target: &Target, claim: &Claim) -> Result<(), StepError> {
    let (api, pool) = (&target.api, &target.pool);
    let id = user_id(&claim.holder, &target.values.ids);
    let found = match api.user(pool, &id).await? {
        // A read may not show a user who is there, and who keeps the value then.
        None => shown_by_value(target, claim, &id).await?,
        found => found,
    };
    let Some(found) = found else {
        return Ok(());
    };
    let same = |text: &str, claimed: Option<&String>, ignores_case| {
        claimed.is_some_and(|claimed| fold(text, ignores_case) == fold(claimed, ignores_case))
    };
    let ignores_case = target.values.case_insensitive;
    for identifier in &found.value.identifiers {
        let text = &identifier.identifier;
        let goes_with_address = identifier.kind == "email" && same(text, claim.address.as_ref(), true);
        if same(text, claim.user_name.as_ref(), ignores_case) || goes_with_address {
            is_removed(target.remove_identifier(&id, text).await?)?;
        }
    }
    for address in &found.value.verifiable_addresses {
        if same(&address.address, claim.address.as_ref(), true) {
            is_removed(target.remove_address(&id, &address.address).await?)?;
        }
    }
    Ok(())
}

/// The holder, found by what is claimed.
async fn shown_by_value(target: &Target, claim: &Claim, id: &UserId) -> Result<Option<Versioned<User>>, ApiError> {
    let (api, pool) = (&target.api, &target.pool);
    let found = match (&claim.user_name, &claim.address) {
        (Some(name), _) => api.find_user_by_identifier(pool, name).await?,
        (None, Some(address)) => api.find_user_by_address(pool, address).await?,
        (None, None) => None,
    };
    Ok(found.filter(|found| found.value.id == *id))
}

fn is_removed(removal: Removal) -> Result<(), StepError> {
    match removal {
        Removal::Gone => Ok(()),
        Removal::Shown => Err(StepError::not_shown()),
    }
}
