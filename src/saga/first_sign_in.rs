//! How the people of a run sign in for the first time: by the settings that the run keeps, the factors of its pool and those
//! that its organization allows (docs/decisions.md#first-sign-in-has-to-be-possible).

use super::Saga;
use super::journal_state::JournalState;
use super::run_context::RunContext;
use super::step_error::StepError;
use crate::domain::factors::Factors;
use crate::domain::ids::OnboardingId;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::domain::run::Kind;
use crate::settings::onboarding::NeedOfFirstSignIn;
use crate::settings::{FirstSignIn, OnboardingSettings};
use ic_secureauth_api::Pool;

/// What the journal of a run says about signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInOfRun {
    /// `None` before the run started, and where a newer version wrote its settings.
    pub first: Option<FirstSignIn>,
    /// Factors of the pool that a found organization does not allow.
    pub lacks: Vec<String>,
}

impl SignInOfRun {
    /// Reads a run's journal.
    pub fn of(journal: impl IntoIterator<Item = Entry>) -> Self {
        let journal = JournalState::of(journal);
        let kept = journal.kept.as_ref();
        let Some(settings) = kept.and_then(|kept| OnboardingSettings::from_variables(&kept.variables)) else {
            return Self {
                first: None,
                lacks: Vec::new(),
            };
        };
        let (factors, allowed) = of_journal(&journal, &settings);
        Self {
            first: Some(settings.first_sign_in_with(&factors, allowed)),
            lacks: allowed.map_or_else(Vec::new, |allowed| factors.missing_in(allowed)),
        }
    }
}

/// The factors of the run's pool, or of the one it would create, and those that the organization allows. `None`: all of them.
fn of_journal<'a>(journal: &'a JournalState, settings: &OnboardingSettings) -> (Factors, Option<&'a [String]>) {
    let found = journal.pool.as_ref().and_then(|pool| pool.factors.clone());
    let organization = journal.organization.as_ref();
    (
        found.unwrap_or_else(|| settings.factors()),
        organization.and_then(|organization| organization.allows.as_deref()),
    )
}

/// What a found pool asks of people who sign in.
pub(super) fn factors_of(pool: &Pool) -> Factors {
    Factors {
        first: pool.authentication_mechanisms.clone().unwrap_or_default(),
        second: pool.second_factor_authentication_mechanisms.clone().unwrap_or_default(),
        allow_skip_2fa: pool.allow_skip_2fa,
    }
}

/// Fails an onboarding whose people could not sign in. A sync goes on: it also ends the access of those who left.
pub(super) fn verdict(kind: Kind, settings: &OnboardingSettings, first: FirstSignIn) -> Result<(), StepError> {
    let is_needed = kind == Kind::Enable && settings.first_sign_in_need == NeedOfFirstSignIn::Possible;
    if is_needed && matches!(first, FirstSignIn::NotPossible(_)) {
        return Err(StepError::permanent(Reason::FirstSignInNotPossible));
    }
    Ok(())
}

/// The verdict on a run whose organization is known.
pub(super) fn require(context: &RunContext<'_>) -> Result<(), StepError> {
    let settings = context.settings();
    let (factors, allowed) = of_journal(&context.journal, settings);
    verdict(
        context.run.kind,
        settings,
        settings.first_sign_in_with(&factors, allowed),
    )
}

impl Saga {
    /// How people of a biller sign in for the first time: by what its latest run found and keeps, or by today's settings if there
    /// is none or if its journal cannot be read.
    pub async fn first_sign_in(&self, latest_run: Option<OnboardingId>) -> FirstSignIn {
        let of_run = match latest_run {
            Some(run) => self.dependencies.store.journal(run).await.ok(),
            None => None,
        };
        let entries = of_run.into_iter().flatten().map(|recorded| recorded.entry);
        let of_run = SignInOfRun::of(entries).first;
        of_run.unwrap_or_else(|| self.dependencies.settings.first_sign_in())
    }
}
