//! The steps of each kind of run, in order (docs/ARCHITECTURE.md#steps).

use serde::{Deserialize, Serialize};

use super::run::Kind;
use super::words::words;

/// One step of a run; each has a file in `src/saga/steps/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Read every user and find all data errors, before the first write to SecureAuth.
    CheckUsers,
    /// Find or create the organization.
    EnsureOrganization,
    /// Find or create the identity pool with its identity provider.
    EnsurePool,
    /// Import new users and change known ones.
    ImportUsers,
    /// Compare the pool with the ledger.
    VerifyUsers,
    /// Make the organization live; once confirmed, the point of no return.
    ActivateOrganization,
    /// Record in the database that the biller is active, and end the run.
    RecordActivation,
    /// Deactivate the organization.
    DeactivateOrganization,
    /// Record in the database that the biller is inactive, and end the run.
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
}

words!(Step {
    CheckUsers = "check_users",
    EnsureOrganization = "ensure_organization",
    EnsurePool = "ensure_pool",
    ImportUsers = "import_users",
    VerifyUsers = "verify_users",
    ActivateOrganization = "activate_organization",
    RecordActivation = "record_activation",
    DeactivateOrganization = "deactivate_organization",
    RecordDeactivation = "record_deactivation",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_checked_before_the_first_write_to_secureauth() {
        assert_eq!(Step::of(Kind::Enable).first(), Some(&Step::CheckUsers));
    }

    #[test]
    fn every_step_is_parsed_back_from_its_text() {
        for step in Step::of(Kind::Sync).iter().chain(Step::of(Kind::Disable)) {
            assert_eq!(Step::parse(step.as_str()), Some(*step));
        }
        assert_eq!(Step::parse("ensure_everything"), None);
    }
}
