//! User names and addresses that pass from one person to another (docs/ARCHITECTURE.md#names).
//!
//! A pass only notes who claims what. Afterwards, while no other task works on the accounts, the holders lose what they have no
//! right to, and the next pass brings takers and holders in line.

use std::collections::HashSet;

use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::super::super::run_context::RunContext;
use super::super::super::step_error::StepError;
use super::conflict::Part;
use super::entries::Removal;
use super::names::Right;
use super::person::{Wanted, user_id};
use super::settle::{self, Wrong};
use super::target::Target;
use super::values::{Hashes, fold};
use crate::domain::issue::Issue;
use crate::store::{Account, AccountChanges, Batch, StoreError, ValueHash};
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
    hashes: Hashes,
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
            hashes: wanted.hashes(),
        }
    }

    /// The holder keeps it, so the taker is a data error. Its account stays open: the next pass settles it as shown.
    fn refused(&self) -> Issue {
        let (taker, holder) = (self.taker.user_guid, self.holder.user_guid);
        Issue::held(taker, self.part.field(), holder.to_string())
    }

    /// The account says that the holder has it.
    fn is_recorded(&self) -> bool {
        self.part.of(Hashes::known(&self.holder)) == self.part.of(self.hashes)
    }

    fn is_of_a_name(&self) -> bool {
        self.part == Part::UserName
    }
}

/// Opens the holders' accounts, removes what is claimed from their users, and records that they have lost it.
pub(super) async fn make_way(
    context: &mut RunContext<'_>,
    target: &Target,
    claims: Vec<Claim>,
) -> Result<(), StepError> {
    let (mut claims, refused) = judge_again(target, claims).await?;
    record(context, target, Released::refused(refused)).await?;
    while !claims.is_empty() {
        let some: Vec<Claim> = claims.drain(..claims.len().min(AT_ONCE)).collect();
        let mut tally = context.run.tally.clone();
        // A holder whose account is open was counted by the pass that opened it.
        let names = some.iter().filter(|claim| claim.is_of_a_name() && !claim.holder.open);
        tally.passed_on += names.count() as u64;
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
        let released: Vec<_> = stream::iter(some)
            .map(|claim| async move { (release(target, &claim).await, claim) })
            .buffer_unordered(target.share.in_flight())
            .collect()
            .await;
        let mut all = Released::default();
        let mut failed = None;
        for (released, claim) in released {
            match released {
                Ok(true) => all.free.push(claim),
                Ok(false) => all.refused.push(claim),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        record(context, target, all).await?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok(())
}

/// Splits off the claims on holders who are entitled to what they have. The pass may have found that a holder cannot get its own
/// new name: it then keeps the old one, and so does whoever was to get that one, and so on.
async fn judge_again(target: &Target, claims: Vec<Claim>) -> Result<(Vec<Claim>, Vec<Claim>), StoreError> {
    let mut keeps: HashSet<Uuid> = HashSet::new();
    for some in claims.chunks(AT_ONCE) {
        let guids: Vec<Uuid> = some.iter().map(|claim| claim.holder.user_guid).collect();
        let is_own = |guid, row: &Wanted| {
            let mut claims = some.iter().filter(|claim| claim.holder.user_guid == guid);
            claims.any(|claim| claim.part.of(claim.hashes) == claim.part.of(row.hashes()))
        };
        let still = still_have(target, some).await?;
        let rights = target.names().judged(&guids, is_own).await?.into_iter();
        let entitled = rights.filter(|(guid, right)| *right == Right::Entitled && still.contains(guid));
        keeps.extend(entitled.map(|(guid, _)| guid));
    }
    let mut open = claims;
    let mut refused = Vec::new();
    loop {
        let (kept, others): (Vec<Claim>, Vec<Claim>) = open
            .into_iter()
            .partition(|claim| keeps.contains(&claim.holder.user_guid));
        open = others;
        if kept.is_empty() {
            return Ok((open, refused));
        }
        keeps.extend(kept.iter().map(|claim| claim.taker.user_guid));
        refused.extend(kept);
    }
}

/// The holders that have not given it up meanwhile.
async fn still_have(target: &Target, claims: &[Claim]) -> Result<HashSet<Uuid>, StoreError> {
    let mut holders = HashSet::new();
    for part in [Part::UserName, Part::Address] {
        let of_part = claims.iter().filter(|claim| claim.part == part);
        let hashes: Vec<ValueHash> = of_part.filter_map(|claim| part.of(claim.hashes)).collect();
        if !hashes.is_empty() {
            let accounts = target
                .store
                .accounts_by(part.hashed(), &hashes, target.record.no)
                .await?;
            holders.extend(accounts.into_iter().map(|account| account.user_guid));
        }
    }
    Ok(holders)
}

/// What came of some claims.
#[derive(Default)]
struct Released {
    free: Vec<Claim>,
    refused: Vec<Claim>,
}

impl Released {
    fn refused(refused: Vec<Claim>) -> Self {
        Self {
            refused,
            ..Self::default()
        }
    }
}

async fn record(context: &mut RunContext<'_>, target: &Target, released: Released) -> Result<(), StepError> {
    let Released { free, refused } = released;
    if free.is_empty() && refused.is_empty() {
        return Ok(());
    }
    // Only what is given up, and was not before, is progress: a call that always fails, or has no effect, must not keep the run open
    // for ever.
    let is_progress = free.iter().any(Claim::is_recorded);
    let (names, addresses): (Vec<Claim>, Vec<Claim>) = free.into_iter().partition(Claim::is_of_a_name);
    let holders = |claims: Vec<Claim>| claims.iter().map(|claim| claim.holder.user_guid).collect();
    let changes = AccountChanges {
        nameless: holders(names),
        addressless: holders(addresses),
        ..AccountChanges::of(target.record.no)
    };
    let takers: HashSet<Uuid> = refused.iter().map(|claim| claim.taker.user_guid).collect();
    let batch = Batch {
        is_progress,
        accounts: Some(changes),
        issues: refused.iter().map(Claim::refused).collect(),
        ..Batch::default()
    };
    let mut verdict = Ok(());
    let wrong = Wrong {
        users: takers.len() as u64,
        counted: 0,
    };
    settle::record(context, target, batch, wrong, &mut verdict).await?;
    verdict
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
