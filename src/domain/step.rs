//! The step tables (design.md §3).

use strum::{Display, EnumString, IntoStaticStr, VariantNames};

use super::run::Kind;

/// One step of a run; `do` and `undo` stand side by side in `onboarding::steps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_checked_before_the_first_write_to_secureauth() {
        assert_eq!(Step::of(Kind::Enable).first(), Some(&Step::CheckUsers));
    }
}
