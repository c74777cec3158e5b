//! What a run would find and do, in the form that `plan` prints.

use super::super::steps::PayloadSchema;
use super::people::ImportOutlook;
use crate::domain::issue::Issue;
use crate::domain::reason::Reason;
use crate::domain::run::Kind;
use crate::domain::run_error::ErrorDetails;
use crate::domain::user_set::Counts;
use crate::settings::FirstSignIn;
use ic_secureauth_api::{IdpCheck, PoolSetting};

/// What a run that starts now would find and do. `None`: not read, because the run would stop before.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// Enable or sync.
    pub kind: Kind,
    /// The payload schema of new pools.
    pub schema: SchemaOutlook,
    /// The biller's users and their data errors.
    pub users: UsersOutlook,
    /// Whether the organization exists, and as what.
    pub organization: Option<OrganizationOutlook>,
    /// Whether the identity pool exists, and as what.
    pub pool: Option<PoolOutlook>,
    /// Who would be imported, changed or reported.
    pub import: Option<ImportOutlook>,
    /// How people would sign in for the first time, in the pool that exists or in a new one.
    pub first_sign_in: FirstSignIn,
    /// Why the run would not succeed, in the order in which its steps would fail.
    pub stops: Vec<Reason>,
    /// What is known of these reasons.
    pub causes: Vec<ErrorDetails>,
}

/// The payload schema that every user is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaOutlook {
    /// `SECUREAUTH_PAYLOAD_SCHEMA_ID`
    pub id: String,
    /// It could be read and compiled.
    pub usable: bool,
    /// The users were checked against it, but for `unchecked`.
    pub checked: bool,
    /// Where it says what only SecureAuth can judge.
    pub unchecked: Vec<String>,
    /// Members that it requires and that are never sent, so that it fits no user.
    pub never_sent: Vec<String>,
}

impl SchemaOutlook {
    /// `schema`: as it could be read and compiled.
    pub(super) fn of(id: &str, schema: Option<&PayloadSchema>) -> Self {
        Self {
            id: id.to_owned(),
            usable: schema.is_some(),
            checked: schema.is_some_and(PayloadSchema::checks),
            unchecked: schema.map(|schema| schema.unchecked().to_vec()).unwrap_or_default(),
            never_sent: schema.map(|schema| schema.never_sent().to_vec()).unwrap_or_default(),
        }
    }
}

/// The biller's users, as the CRM has them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsersOutlook {
    /// How many rows there are, and of which sort.
    pub counts: Counts,
    /// The data errors, in a fixed order; as many as a run keeps.
    pub issues: Vec<Issue>,
    /// `ON_INVALID_USER` lets the run continue without the users that have data errors.
    pub acceptable: bool,
    /// Users who would lose access because their row is `deleted` or gone, and user names that would pass from one person to another.
    pub guarded: u64,
    /// As many may.
    pub guard_limit: u64,
}

/// Whose marker a resource carries that exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It has no marker.
    None,
    /// That of an earlier, ended run of this biller.
    EarlierRun,
    /// That of another biller, or of an open or unknown run: the run would be stuck.
    Foreign,
}

/// What the run would do about the organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganizationOutlook {
    /// It would be created.
    Create {
        /// Its id.
        id: String,
        /// Id of the parent organization.
        parent: String,
    },
    /// It exists and would be used.
    Found {
        /// Its id.
        id: String,
        /// Id of the parent organization, if it has one.
        parent: Option<String>,
        /// The parent is `PARENT_ORGANIZATION_ID`.
        below_parent: bool,
        /// Nobody can sign in; the run would activate it.
        deactivated: bool,
        /// Whose marker it carries.
        mark: Mark,
        /// The name that the run would give it.
        new_name: Option<String>,
        /// Configured factors that it does not allow; the run would not change that.
        lacks: Vec<String>,
    },
}

/// What the run would do about the identity pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolOutlook {
    /// It would be created with its identity provider, under this derived id.
    Create(String),
    /// It exists and would be used.
    Found {
        /// Its id.
        id: String,
        /// Whose marker it carries.
        mark: Mark,
        /// Settings that differ from those of a new pool; the run would not change them.
        differs_in: Vec<PoolSetting>,
        /// Whether it has its identity provider; `None`: not read.
        provider: Option<IdpCheck>,
    },
    /// There are several and none is known: the run would be stuck.
    Several,
}
