//! The step tables (design.md §3).

use serde::{Deserialize, Serialize};

use super::run::Kind;

/// One step of a run; `do` and `undo` stand side by side in `onboarding::steps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Read every user once and find the data errors, before the first write to SecureAuth.
    CheckUsers,
    /// V1, O1.
    EnsureOrganization,
    /// P1.
    EnsurePool,
    /// U2.
    ImportUsers,
    /// Compare the pool with the ledger.
    VerifyUsers,
    /// The single go-live switch; confirmed, it is the point of no return.
    ActivateOrganization,
    /// D1.
    RecordActivation,
    /// T2-off.
    DeactivateOrganization,
    /// T2-off, in the database.
    RecordDeactivation,
}

impl Step {
    /// The steps of a kind of run, in order.
    pub fn of(kind: Kind) -> &'static [Step] {
        match kind {
            Kind::Enable | Kind::Sync => &[
                Self::CheckUsers,
                Self::EnsureOrganization,
                Self::EnsurePool,
                Self::ImportUsers,
                Self::VerifyUsers,
                Self::ActivateOrganization,
                Self::RecordActivation,
            ],
            Kind::Disable => &[Self::DeactivateOrganization, Self::RecordDeactivation],
        }
    }

    /// The word used in the database and over HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CheckUsers => "check_users",
            Self::EnsureOrganization => "ensure_organization",
            Self::EnsurePool => "ensure_pool",
            Self::ImportUsers => "import_users",
            Self::VerifyUsers => "verify_users",
            Self::ActivateOrganization => "activate_organization",
            Self::RecordActivation => "record_activation",
            Self::DeactivateOrganization => "deactivate_organization",
            Self::RecordDeactivation => "record_deactivation",
        }
    }

    /// The step of a database word, `None` for a word a newer version wrote.
    pub fn parse(word: &str) -> Option<Self> {
        [Kind::Enable, Kind::Disable]
            .into_iter()
            .flat_map(Self::of)
            .copied()
            .find(|step| step.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_checked_before_the_first_write_to_secureauth() {
        assert_eq!(Step::of(Kind::Enable).first(), Some(&Step::CheckUsers));
    }

    #[test]
    fn every_step_is_read_back_from_its_word() {
        for step in Step::of(Kind::Sync).iter().chain(Step::of(Kind::Disable)) {
            assert_eq!(Step::parse(step.as_str()), Some(*step));
        }
        assert_eq!(Step::parse("ensure_everything"), None);
    }
}
