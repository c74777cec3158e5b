//! Why a run waits, failed or is stuck. Operators search for these texts; people do not see them.

use strum::{Display, EnumString, IntoStaticStr, VariantNames};

use super::operation::Operation;

/// Why a run waits, is rolled back, failed or is stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// SecureAuth did not answer, answered 5xx, 429, or 403 with the scope granted, or an API refused our token.
    SecureauthUnavailable,
    /// The client may not use a scope that the call needs.
    ScopeMissing,
    /// The token endpoint does not know the tenant; the process reads the secrets again.
    TenantUnknown,
    /// SecureAuth's token endpoint refused our request (4xx); the process reads the credentials again.
    CredentialsRefused,
    /// SecureAuth refused this biller's data (400, 404, 409, 413, 422).
    SecureauthRefused,
    /// SecureAuth refuses the organization's id although no read shows an organization with it.
    OrganizationIdReserved,
    /// The organization is not below the configured parent.
    OrganizationElsewhere,
    /// Organization or pool carries the marker of another biller, of an open run or of an unknown one.
    ForeignMarker,
    /// There are several pools and none is known, or a second pool of this run holds users: an operator must choose.
    SeveralPools,
    /// SecureAuth refused the pool's id in several generations.
    PoolIdReserved,
    /// The pool is refused through every generation while its organization is deactivated: `CREATE_DEACTIVATED=false` may help.
    NoPoolWhileDeactivated,
    /// The pool exists without its identity provider.
    PoolWithoutIdp,
    /// A resource this run created does not have the requested settings.
    SettingsIgnored,
    /// The organization or the pool that exists lets nobody sign in for the first time.
    FirstSignInNotPossible,
    /// The payload schema does not exist or is no JSON schema, so no user can be checked.
    PayloadSchemaUnusable,
    /// The biller's users have data errors.
    InvalidUsers,
    /// More users would lose access, or get another person's user name, than the guard allows (docs/ARCHITECTURE.md#guard).
    TooManyLeavers,
    /// The pool does not show users that were imported.
    UsersNotVisible,
    /// The biller has no name, so no organization can be created for it.
    BillerWithoutName,
    /// The organization is live, but the database could not record it.
    ActivationNotRecorded,
    /// The organization is deactivated, but the database could not record it.
    DeactivationNotRecorded,
    /// The rollback could not be completed.
    NotRolledBack,
    /// A worker that lost its lease may still have calls in flight.
    PreviousWorker,
    /// The recheck after a rollback is due later (docs/ARCHITECTURE.md#rollback).
    Recheck,
    /// All worker slots of the tenant are taken.
    WorkerSlot,
    /// The settings name another tenant than when the run started.
    TenantChanged,
    /// The process that worked on the run ended again and again without any progress in between.
    WorkerLost,
    /// The database did not answer, or refused a statement.
    DatabaseUnavailable,
    /// An operator's command `rollback`.
    Operator,
}

impl Reason {
    /// The commands that fit a run that is stuck for this reason, the usual one first (docs/OPERATIONS.md#stuck-runs).
    pub fn commands(self) -> &'static [Operation] {
        use Operation::{Close, Resume, Rollback};
        match self {
            Self::ActivationNotRecorded | Self::DeactivationNotRecorded | Self::SeveralPools => &[Resume],
            Self::NotRolledBack => &[Rollback, Close],
            Self::ForeignMarker => &[Resume, Close],
            Self::WorkerLost => &[Resume, Rollback],
            _ => &[Resume, Rollback, Close],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_that_a_stuck_run_names_are_those_of_the_manual() {
        let manual = include_str!("../../docs/OPERATIONS.md");
        let (_, stuck) = manual.split_once("## Stuck runs").unwrap();
        let stuck = stuck.split("\n## ").next().unwrap_or_default();
        let rows = stuck.lines().filter_map(|line| line.strip_prefix("| `"));
        let mut reasons = 0;
        for row in rows {
            let cells: Vec<&str> = row.split('|').collect();
            let reason: Reason = cells[0].trim().trim_end_matches('`').parse().unwrap();
            let named: Vec<&str> = cells[2].split('`').skip(1).step_by(2).collect();
            let commands: Vec<&str> = reason.commands().iter().map(<&str>::from).collect();
            assert_eq!(named, commands, "{reason}");
            reasons += 1;
        }
        assert!(reasons > 5);
    }

    #[test]
    fn operators_find_every_reason_in_their_manual() {
        let manual = include_str!("../../docs/OPERATIONS.md");
        for reason in Reason::VARIANTS {
            assert!(manual.contains(&format!("`{reason}`")), "{reason}");
        }
    }
}
