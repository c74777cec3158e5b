//! Finds every data error before the first write to SecureAuth (docs/ARCHITECTURE.md#user-data).

use super::super::failure::StepError;
use super::super::naming::Subject;
use super::super::run_context::RunContext;
use super::payload_schema::{self, PayloadSchema};
use crate::domain::issue::Issue;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::domain::run::Progress;
use crate::domain::user_set::{Counts, UserSet};
use crate::settings::OnboardingSettings;
use crate::settings::onboarding::OnInvalidUser;
use crate::store::{Batch, StoreError};

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let schema = payload_schema::configured(context).await?;
    let (counts, issues) = read(context.subject(), Some(&schema)).await?;
    let verdict = verdict(counts.invalid, counts.total, context.settings());
    let issues_total = issues.len() as u64;
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

/// Checks every row of the biller against the rules and, if one is given, the payload schema.
pub(in super::super) async fn read(
    subject: Subject<'_>,
    schema: Option<&PayloadSchema>,
) -> Result<(Counts, Vec<Issue>), StoreError> {
    let mut users = UserSet::new(subject.settings.onboarding.address_verified);
    subject
        .dependencies
        .store
        .each_user(subject.biller_id, &mut |row| {
            users.add(row, |user| schema.map(|schema| schema.issues(user)).unwrap_or_default());
        })
        .await?;
    Ok(users.finish())
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
