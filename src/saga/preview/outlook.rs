//! What a run would find and do, in the form that `plan` prints.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::domain::issue::Issue;
use crate::domain::reason::Reason;
use crate::domain::run::Kind;
use crate::domain::tally::{Effect, Tally};
use crate::domain::user_set::Counts;
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
    /// How many users would be imported or changed.
    pub import: Option<ImportOutlook>,
    /// Why the run would not succeed, in the order in which its steps would fail.
    pub stops: Vec<Reason>,
}

/// The payload schema that every user is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaOutlook {
    /// `SECUREAUTH_PAYLOAD_SCHEMA_ID`
    pub id: String,
    /// It could be read and compiled, so the users were checked against it, but for `unchecked`.
    pub usable: bool,
    /// Where it says what only SecureAuth can judge.
    pub unchecked: Vec<String>,
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

/// What the run would do with users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOutlook {
    /// Users that would be imported.
    pub imported: u64,
    /// Users that would be changed, because the CRM has other values than were sent last.
    pub changed: u64,
    /// Users that would lose access.
    pub deactivated: u64,
    /// Users that would get access back.
    pub reactivated: u64,
    /// Users that the pool held before the biller's first run, by id or by user name: they would be left alone.
    pub linked: u64,
    /// Users whose accounts are as the CRM has them.
    pub already_present: u64,
    /// Users that do not fit the schema of this pool, or whose name another user of the pool has.
    pub unfit: u64,
    /// Users who are in the pool, and of whom it is not known what they have there: a call had no outcome, or they are adopted. The
    /// run would read them, then change or deactivate whoever differs.
    pub read_first: u64,
    /// The first of them.
    pub first_read: Vec<Uuid>,
    /// People whose accounts would only get the new GUIDs that the CRM gave them; part of `already_present`.
    pub rekeyed: u64,
    /// The first users of each kind, and what would be done.
    pub first: BTreeMap<Effect, Vec<(Uuid, String)>>,
}

impl ImportOutlook {
    /// Counts one user who is read first, and names it if it is one of the first.
    pub(super) fn read_first(&mut self, user: Uuid) {
        self.read_first += 1;
        if self.first_read.len() < Tally::NAMED {
            self.first_read.push(user);
        }
    }

    /// Counts one user, and names it if it is one of the first of its kind.
    pub(super) fn count(&mut self, effect: Effect, user: Uuid, what: impl Into<String>) {
        match effect {
            Effect::Imported => self.imported += 1,
            Effect::Changed => self.changed += 1,
            Effect::Deactivated => self.deactivated += 1,
            Effect::Reactivated => self.reactivated += 1,
            Effect::Linked => self.linked += 1,
        }
        let first = self.first.entry(effect).or_default();
        if first.len() < Tally::NAMED {
            first.push((user, what.into()));
        }
    }
}
