//! What a run would find and do, as told to a person.

use crate::domain::issue::Issue;
use crate::domain::reason::Reason;
use crate::domain::run::Kind;
use crate::domain::user_set::Counts;
use ic_secureauth_api::{IdpCheck, PoolSetting};

/// What a run that starts now would find and do. What is `None` was not looked at, because the run would stop before.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// Enable or sync.
    pub kind: Kind,
    /// The payload schema of new pools.
    pub schema: SchemaOutlook,
    /// The biller's users.
    pub users: UsersOutlook,
    /// V1, O1.
    pub organization: Option<OrganizationOutlook>,
    /// P1.
    pub pool: Option<PoolOutlook>,
    /// U2.
    pub import: Option<ImportOutlook>,
    /// Why the run would not succeed, in the order in which its steps would notice.
    pub stops: Vec<Reason>,
}

/// The payload schema every user is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaOutlook {
    /// `SECUREAUTH_PAYLOAD_SCHEMA_ID`
    pub id: String,
    /// It was read and compiled, and the users were held against it.
    pub usable: bool,
}

/// The biller's users, as the CRM has them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsersOutlook {
    /// How many.
    pub counts: Counts,
    /// Every data error, in a stable order.
    pub issues: Vec<Issue>,
    /// `ON_INVALID_USER` lets the run go on without the users that have data errors.
    pub acceptable: bool,
}

/// Whose mark something carries that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nobody's.
    None,
    /// An earlier finished run's of this biller.
    EarlierRun,
    /// Another biller's, or that of a run the database does not know: the run would stop.
    Foreign,
}

/// The organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganizationOutlook {
    /// It would be created.
    Create {
        /// With this id.
        id: String,
        /// Below this organization.
        parent: String,
    },
    /// It is there.
    Stands {
        /// Its id.
        id: String,
        /// Below this organization.
        parent: Option<String>,
        /// Below the configured one.
        below_parent: bool,
        /// Sign-in is switched off; the run would switch it on.
        deactivated: bool,
        /// Whose it is.
        mark: Mark,
    },
}

/// The identity pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolOutlook {
    /// It would be created with its identity provider, under this derived id.
    Create(String),
    /// It is there.
    Stands {
        /// Its id.
        id: String,
        /// Whose it is.
        mark: Mark,
        /// Settings that are not as a new pool would get them; they stay as they are.
        differs_in: Vec<PoolSetting>,
        /// Its identity provider.
        provider: Option<IdpCheck>,
    },
    /// There are several and none is known: the run would stop.
    Several,
}

/// What the import would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOutlook {
    /// Users put into the pool.
    pub imported: u64,
    /// Users imported before whose data would be sent again because the CRM has changed it.
    pub changed: u64,
    /// Users that are there and would be left alone.
    pub already_present: u64,
    /// Users that do not fit the schema of the pool, which is another one than new pools get.
    pub unfit: u64,
}
