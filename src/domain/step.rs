//! The steps of each kind of run, in order (docs/ARCHITECTURE.md#steps).

use strum::{Display, EnumString, IntoStaticStr, VariantNames};

use super::run::Kind;

/// One step of a run; each has a file in `src/saga/steps/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    /// Read every user and find all data errors, before the first write to SecureAuth.
    CheckUsers,
    /// Find or create the organization.
    EnsureOrganization,
    /// Find or create the identity pool with its identity provider.
    EnsurePool,
    /// Bring the accounts of the pool in line with the CRM's users.
    SyncUsers,
    /// Compare the pool with the accounts.
    VerifyUsers,
    /// Make the organization live; once confirmed, the point of no return.
    ActivateOrganization,
    /// Record in the database that the biller is active, and end the run.
    RecordActivation,
    /// Set `deactivated: true`, so that nobody can sign in; once confirmed, the point of no return of a disable run.
    DeactivateOrganization,
    /// End the sessions of the pool's users.
    RevokeSessions,
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
                Self::SyncUsers,
                Self::VerifyUsers,
                Self::ActivateOrganization,
                Self::RecordActivation,
            ],
            Kind::Disable => &[
                Self::DeactivateOrganization,
                Self::RevokeSessions,
                Self::RecordDeactivation,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_checked_before_the_first_write_to_secureauth() {
        assert_eq!(Step::of(Kind::Enable).first(), Some(&Step::CheckUsers));
    }
}
