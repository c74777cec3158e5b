//! How the people of a run sign in for the first time, by the settings that the run keeps.

use super::Saga;
use crate::domain::ids::OnboardingId;
use crate::domain::journal::Entry;
use crate::settings::{FirstSignIn, OnboardingSettings};

/// What the journal of a run says about signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInOfRun {
    /// By the settings that the run keeps; `None` before it started, and where a newer version wrote them.
    pub first: Option<FirstSignIn>,
    /// Configured factors that a found organization does not allow.
    pub lacks: Vec<String>,
}

impl SignInOfRun {
    /// Reads a run's journal.
    pub fn of(journal: impl IntoIterator<Item = Entry>) -> Self {
        let (mut settings, mut lacks) = (None, Vec::new());
        for entry in journal {
            match entry {
                Entry::SettingsKept { variables, .. } => settings = OnboardingSettings::from_variables(&variables),
                Entry::OrganizationFound { lacks: found, .. } => lacks = found,
                _ => {}
            }
        }
        Self {
            first: settings.map(|settings| settings.first_sign_in_without(&lacks)),
            lacks,
        }
    }
}

impl Saga {
    /// How people of a biller sign in for the first time: by the settings of its latest run, or by today's if there is none
    /// or if its journal cannot be read.
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
