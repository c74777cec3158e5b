//! Finds every data error before the first write to SecureAuth (docs/ARCHITECTURE.md#user-data).

use std::collections::HashSet;

use uuid::Uuid;

use super::super::failure::StepError;
use super::super::naming::Subject;
use super::super::run_context::RunContext;
use super::payload_schema::{self, PayloadSchema};
use super::sync_users::reader::Reader;
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::domain::run::Progress;
use crate::domain::user_set::{Counts, UserSet};
use crate::settings::OnboardingSettings;
use crate::settings::onboarding::OnInvalidUser;
use crate::store::{Batch, GuidRange, StoreError};

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let schema = payload_schema::configured(context).await?;
    let Found {
        counts,
        issues,
        issues_total,
    } = read(context.subject(), Some(&schema)).await?;
    let verdict = verdict(counts.invalid, counts.total, context.settings());
    let skipped = if verdict.is_ok() { counts.invalid } else { 0 };
    let mut batch = Batch {
        issues,
        issues_total: Some(issues_total),
        progress: Some(Progress {
            users_total: counts.total,
            skipped: counts.deleted + skipped,
            failed: counts.invalid - skipped,
            ..Progress::default()
        }),
        ..Batch::default()
    };
    if verdict.is_ok() {
        batch.entries.push(Entry::UsersChecked {
            total: counts.total,
            deleted: counts.deleted,
            invalid: counts.invalid,
        });
    }
    context.write(batch).await?;
    tracing::info!(
        users = counts.total,
        deleted = counts.deleted,
        invalid = counts.invalid,
        "users checked"
    );
    verdict
}

/// What the check of a biller's rows finds.
#[derive(Debug, Default)]
pub(in super::super) struct Found {
    pub(in super::super) counts: Counts,
    /// The first ones, in a fixed order; as many as the database keeps.
    pub(in super::super) issues: Vec<Issue>,
    pub(in super::super) issues_total: u64,
}

/// Checks every row of the biller against the rules and, if one is given, the payload schema. Reads the rows once, and once
/// more only if some may share a value.
pub(in super::super) async fn read(subject: Subject<'_>, schema: Option<&PayloadSchema>) -> Result<Found, StoreError> {
    let store = subject.dependencies.store.as_ref();
    let reader = Reader {
        store,
        biller_id: subject.biller_id,
        pool: None,
        run: None,
        schema,
        limit: subject.dependencies.run.users_per_page,
    };
    let mut found = Found::default();
    let mut set = UserSet::new(subject.settings.onboarding.address_verified);
    let mut rest = Some(GuidRange::default());
    while let Some(range) = rest {
        let page = reader.page(range).await?;
        rest = page.rest(range);
        page.valid().for_each(|user| set.add(user));
        found.add(page.counts, page.issues);
    }
    let mut shared = Vec::new();
    if let Some(mut suspects) = set.suspects() {
        let mut rest = Some(GuidRange::default());
        while let Some(range) = rest {
            let page = reader.page(range).await?;
            rest = page.rest(range);
            page.valid().for_each(|user| suspects.add(user));
        }
        shared = suspects.finish();
    }
    let users: HashSet<Option<Uuid>> = shared.iter().map(|issue| issue.user_guid).collect();
    found.add_invalid(users.len() as u64, shared);
    let unnamed = store.users_without_guid(subject.biller_id).await?;
    if unnamed > 0 {
        found.counts.total += unnamed;
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

/// Whether a run may continue with this many invalid users (`ON_INVALID_USER`).
pub(in super::super) fn verdict(invalid: u64, total: u64, settings: &OnboardingSettings) -> Result<(), StepError> {
    let acceptable = match settings.on_invalid_user {
        OnInvalidUser::Fail => invalid == 0,
        OnInvalidUser::Skip => may_skip(invalid, total, settings.max_skipped_percent),
    };
    if acceptable {
        Ok(())
    } else {
        Err(StepError::Permanent(Reason::InvalidUsers))
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
