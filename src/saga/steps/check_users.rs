//! Finds every data error before the first write to SecureAuth (docs/ARCHITECTURE.md#user-data).

use std::collections::HashSet;

use uuid::Uuid;

use super::super::naming::Subject;
use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::leavers::{Known, Leavers, Rekeyed};
use super::payload_schema::{self, PayloadSchema};
use super::sync_users::reader::Reader;
use crate::domain::biller::LeaversAllowed;
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::domain::run::{Kind, Progress};
use crate::domain::user_set::{Counts, UserSet};
use crate::settings::OnboardingSettings;
use crate::settings::onboarding::OnInvalidUser;
use crate::store::{AccountChanges, Batch, GuidRange, StoreError};

/// Accounts that get their new GUIDs in one transaction.
const REKEYED_AT_ONCE: usize = 500;

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let schema = payload_schema::configured(context).await?;
    let stored = context.store().biller(&context.run.biller_id, 0).await?;
    let of_name = stored
        .as_ref()
        .and_then(|view| issue_of_name(context.run.kind, &view.name));
    let biller = stored.map(|view| view.biller);
    let allowed = biller.as_ref().and_then(|biller| biller.leavers_allowed.clone());
    let known = match &biller {
        Some(biller) => Known::find(context.subject(), biller, &context.api).await?,
        None => None,
    };
    let Found {
        counts,
        mut issues,
        mut issues_total,
        leavers,
    } = read(context.subject(), Some(&schema), known.as_ref()).await?;
    issues_total += u64::from(of_name.is_some());
    issues.splice(0..0, of_name);
    if let Some(known) = &known {
        rekey(context, known, &leavers.rekeyed).await?;
    }
    let verdict = verdict(context.run.kind, counts.invalid, counts.total, context.settings());
    let percent = context.settings().max_leavers_percent;
    let guard = leavers.verdict(counts, percent, allowed.as_ref());
    let skipped = if verdict.is_ok() { counts.invalid } else { 0 };
    let mut batch = Batch {
        issues,
        issues_total: Some(issues_total),
        progress: Some(Progress {
            users_total: counts.total,
            skipped: counts.deleted + skipped,
            failed: counts.invalid - skipped,
            linked: leavers.linked(),
            ..Progress::default()
        }),
        tally: Some(leavers.tally()),
        allowance_used: allowed.is_some(),
        ..Batch::default()
    };
    let limit = leavers.limit(percent, allowed.as_ref());
    batch
        .entries
        .extend(allowed.map(|LeaversAllowed { most, by }| Entry::LeaversAllowed { most, by }));
    if verdict.is_ok() && guard.is_ok() {
        batch.entries.push(Entry::UsersChecked {
            total: counts.total,
            deleted: counts.deleted,
            invalid: counts.invalid,
            leavers_limit: limit,
        });
    }
    context.write(batch).await?;
    tracing::info!(
        users = counts.total,
        deleted = counts.deleted,
        invalid = counts.invalid,
        leavers = leavers.guarded(),
        rekeyed = leavers.rekeyed.len(),
        "users checked"
    );
    verdict.and(guard)
}

/// A sync keeps the organization's name where the CRM's has a data error. An enable run does not start with such a name.
pub(in super::super) fn issue_of_name(kind: Kind, name: &Result<String, Code>) -> Option<Issue> {
    let code = name.as_ref().err().filter(|_| kind == Kind::Sync)?;
    (*code != Code::Missing).then(|| Issue::of(None, Field::BillerName, *code))
}

/// Gives accounts the new GUIDs of their people. No call is made, and nobody loses a credential.
async fn rekey(context: &mut RunContext<'_>, known: &Known, rekeyed: &[Rekeyed]) -> Result<(), StepError> {
    for some in rekeyed.chunks(REKEYED_AT_ONCE) {
        let changes = AccountChanges {
            put: some.iter().map(|rekeyed| rekeyed.account.clone()).collect(),
            removed: some.iter().map(|rekeyed| rekeyed.from).collect(),
            ..AccountChanges::of(known.record.no)
        };
        let batch = Batch {
            accounts: Some(changes),
            ..Batch::default()
        };
        context.write(batch).await?;
    }
    Ok(())
}

/// What the check of a biller's rows finds.
#[derive(Debug, Default)]
pub(in super::super) struct Found {
    pub(in super::super) counts: Counts,
    /// The first ones, in a fixed order; as many as the database keeps.
    pub(in super::super) issues: Vec<Issue>,
    pub(in super::super) issues_total: u64,
    pub(in super::super) leavers: Leavers,
}

/// Checks every row of the biller against the rules and, if one is given, the payload schema. Reads the rows once, and once
/// more only if some may share a value. `known`: the accounts beside them.
pub(in super::super) async fn read(
    subject: Subject<'_>,
    schema: Option<&PayloadSchema>,
    known: Option<&Known>,
) -> Result<Found, StoreError> {
    let store = subject.dependencies.store.as_ref();
    let rows = Reader {
        store,
        biller_id: subject.biller_id,
        pool: None,
        run: None,
        schema,
        limit: subject.dependencies.run.users_per_page,
    };
    let reader = Reader {
        pool: known.map(|known| known.record.no),
        ..rows
    };
    let mut found = Found::default();
    let settings = &subject.settings.onboarding;
    let case_insensitive = known.map_or(settings.identifier_case_insensitive, |known| {
        known.record.case_insensitive
    });
    let mut set = UserSet::new(settings.addresses.verified, case_insensitive);
    let mut rest = Some(GuidRange::default());
    while let Some(range) = rest {
        let page = reader.page(range).await?;
        rest = page.rest(range);
        page.valid().for_each(|user| set.add(user));
        if let Some(known) = known {
            found.leavers.add(&page, known, known.names(subject)).await?;
        }
        found.add(page.counts, page.issues);
    }
    let mut shared = Vec::new();
    if let Some(mut suspects) = set.suspects() {
        let mut rest = Some(GuidRange::default());
        while let Some(range) = rest {
            let page = rows.page(range).await?;
            rest = page.rest(range);
            page.valid().for_each(|user| suspects.add(user));
        }
        shared = suspects.finish();
    }
    let users: HashSet<Option<Uuid>> = shared.iter().map(|issue| issue.user_guid).collect();
    found.leavers.leave_out(&users);
    found.add_invalid(users.len() as u64, shared);
    let unnamed = store.users_without_guid(subject.biller_id).await?;
    if unnamed > 0 {
        found.counts.total += unnamed;
        found.counts.without_guid = unnamed;
        found.add_invalid(unnamed, vec![Issue::of(None, Field::UserGuid, Code::Missing)]);
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, counts: Counts, issues: Vec<Issue>) {
        self.counts.total += counts.total;
        self.counts.deleted += counts.deleted;
        self.add_invalid(counts.invalid, issues);
    }

    fn add_invalid(&mut self, invalid: u64, issues: Vec<Issue>) {
        self.counts.invalid += invalid;
        self.issues_total += issues.len() as u64;
        let kept = usize::try_from(Batch::ISSUES_KEPT).unwrap_or(usize::MAX);
        let room = kept.saturating_sub(self.issues.len());
        self.issues.extend(issues.into_iter().take(room));
    }
}

/// Whether a run may continue with this many invalid users (`ON_INVALID_USER`). A sync always does: the data errors of some people
/// must not keep others from losing access.
pub(in super::super) fn verdict(
    kind: Kind,
    invalid: u64,
    total: u64,
    settings: &OnboardingSettings,
) -> Result<(), StepError> {
    let acceptable = match settings.on_invalid_user {
        _ if kind == Kind::Sync => true,
        OnInvalidUser::Fail => invalid == 0,
        OnInvalidUser::Skip => may_skip(invalid, total, settings.max_skipped_percent),
    };
    if acceptable {
        Ok(())
    } else {
        Err(StepError::permanent(Reason::InvalidUsers))
    }
}

/// A run may skip up to `percent` of the users, but never all of them.
fn may_skip(invalid: u64, total: u64, percent: u8) -> bool {
    invalid == 0 || (invalid < total && invalid * 100 <= total * u64::from(percent))
}

#[cfg(test)]
mod tests {
    use super::may_skip;

    #[test]
    fn users_are_skipped_up_to_the_limit_and_never_all_of_them() {
        assert!(may_skip(0, 0, 0));
        assert!(may_skip(10, 100, 10));
        assert!(!may_skip(11, 100, 10));
        assert!(!may_skip(3, 3, 100));
    }
}
