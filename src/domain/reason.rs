//! The words for why a run waits, failed or is stuck. Operators search for them; people never see them.

use strum::{Display, EnumString, IntoStaticStr, VariantNames};

/// Why a run failed, is being rolled back, waits or is stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// SecureAuth did not answer, answered 5xx or 429, or refused our token or scopes.
    SecureauthUnavailable,
    /// SecureAuth's token endpoint refused our credentials; they are read again.
    CredentialsRefused,
    /// SecureAuth refused this biller's data (400, 404, 409, 413, 422).
    SecureauthRefused,
    /// The organization id cannot be used: its creation is refused while nothing is there to see.
    OrganizationIdReserved,
    /// The organization is not below the configured parent.
    OrganizationElsewhere,
    /// Organization or pool carries the marker of another biller or of a run the database does not know.
    ForeignMarker,
    /// More than one pool, none of them known, or a second one of this run with users: an operator must choose.
    SeveralPools,
    /// The pool's id stays refused through every generation.
    PoolIdReserved,
    /// The pool exists without its identity provider.
    PoolWithoutIdp,
    /// A newly created resource does not show the settings that were sent.
    SettingsIgnored,
    /// The payload schema does not exist, or is none: no user can be held against it.
    PayloadSchemaUnusable,
    /// The biller's users have data errors.
    InvalidUsers,
    /// The pool does not show the users that were imported.
    UsersNotVisible,
    /// The biller has no name, so no organization can be created for it.
    BillerWithoutName,
    /// SecureAuth is live but the database could not be told.
    ActivationNotRecorded,
    /// The organization is deactivated but the database could not be told.
    DeactivationNotRecorded,
    /// What the run created could not be removed in time.
    NotRolledBack,
    /// A worker that lost its lease may still have calls in flight.
    PreviousWorker,
    /// Removed objects are looked for once more after a while (reference 5.3 R6).
    Recheck,
    /// All worker slots of the tenant are taken.
    WorkerSlot,
    /// The database did not answer, or refused a statement.
    DatabaseUnavailable,
    /// An operator asked for it.
    Operator,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_find_every_reason_in_their_manual() {
        let manual = include_str!("../../docs/OPERATIONS.md");
        for reason in Reason::VARIANTS {
            assert!(manual.contains(&format!("`{reason}`")), "{reason}");
        }
    }
}
