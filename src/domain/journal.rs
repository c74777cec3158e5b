//! The journal's entries: what a run found, intended and did. Append only; also the audit trail.
//!
//! The intent (`Create…`, `Activate`, `Delete…`) is written before its call and the outcome after it.
//! After an intent without an outcome the run reads before it writes (docs/ARCHITECTURE.md#journal).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use uuid::Uuid;

use super::factors::Factors;
use super::operation::Operation;
use super::reason::Reason;
use super::string_enum;

/// One entry. An unknown kind was written by a newer version, and the run is left to that version
/// (docs/decisions.md#newer-values).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// The settings that the run keeps. Written once, before the first step.
    SettingsKept {
        /// Tells tenants apart; not the tenant's id.
        tenant: String,
        /// The payload schema of new pools.
        payload_schema_id: String,
        /// Values of the settings' variables, defaults included.
        variables: BTreeMap<String, String>,
    },
    /// Every CRM row was read and checked.
    UsersChecked {
        /// Rows that are not `deleted`.
        total: u64,
        /// Rows with `deleted`.
        deleted: u64,
        /// Rows with a data error.
        invalid: u64,
        /// Most users that may leave while the run goes on.
        leavers_limit: u64,
    },
    /// The run uses up what an operator allowed with `allow-leavers`.
    LeaversAllowed {
        /// Most leavers of the run.
        most: u32,
        /// The person, as given with `--by`.
        by: String,
    },
    /// The organization is found: this run did not create it.
    OrganizationFound {
        /// Its id.
        organization_id: String,
        /// Its `deactivated` flag when it was found.
        deactivated: bool,
        /// Factors that it allows; reported, never changed. `None`: they were of no interest.
        #[serde(default)]
        allows: Option<Vec<String>>,
    },
    /// Intent to create the organization.
    CreateOrganization {
        /// The requested id.
        organization_id: String,
        /// `X-Idempotency-Key`.
        key: String,
    },
    /// Outcome: the organization exists and carries this run's marker.
    OrganizationCreated {
        /// Its id.
        organization_id: String,
        /// It was not created deactivated, so it is live from the start.
        live: bool,
        /// Other members whose values differ from the requested ones.
        #[serde(default)]
        differs_in: Vec<String>,
    },
    /// Outcome: SecureAuth refused the creation, which had no effect.
    OrganizationRefused,
    /// The pool is found: this run did not create it.
    PoolFound {
        /// Its id.
        pool_id: String,
        /// The pool ignores case when it compares identifiers.
        case_insensitive: bool,
        /// The pool's payload schema; sent with every user.
        payload_schema_id: String,
        /// The pool's metadata schema; sent with every user.
        metadata_schema_id: String,
        /// Settings that differ from those of a new pool; reported, never changed.
        differs_in: Vec<String>,
        /// What it asks of people who sign in. `None`: an earlier version wrote the entry.
        #[serde(default)]
        factors: Option<Factors>,
    },
    /// Every user the pool held before the import is recorded in `PoolUserBefore`.
    PoolUsersRecorded {
        /// Number of these users.
        count: u64,
    },
    /// Intent to create the pool.
    CreatePool {
        /// The requested id.
        pool_id: String,
        /// The generation in the requested id.
        generation: u32,
        /// `X-Idempotency-Key`.
        key: String,
    },
    /// Outcome: the pool exists and carries this run's marker.
    PoolCreated {
        /// Its id in SecureAuth's answer.
        pool_id: String,
        /// The pool's payload schema in SecureAuth's answer; sent with every user.
        payload_schema_id: String,
        /// The pool's metadata schema in SecureAuth's answer; sent with every user.
        metadata_schema_id: String,
        /// Settings whose values differ from the requested ones.
        #[serde(default)]
        differs_in: Vec<String>,
        /// The run sent one request for a pool, and it was answered with the requested id: there is no second pool of the run.
        #[serde(default)]
        is_only_one: bool,
    },
    /// Outcome: SecureAuth refused the creation, which had no effect.
    PoolRefused,
    /// Outcome: SecureAuth refuses the id, or the pool with it was deleted. The next creation uses the next generation.
    PoolIdRefused {
        /// The id that is not used again.
        pool_id: String,
    },
    /// Outcome: the organization has the pool's identity provider, or the check was not permitted.
    IdpChecked {
        /// Id of the pool whose identity provider was looked for.
        pool_id: String,
        /// What the look showed.
        #[serde(with = "string_enum")]
        result: IdpResult,
    },
    /// The users are about to be brought in line: from here on calls may change users of the pool.
    SyncStarted {
        /// Number of users that the pool held before; none if this run created it.
        users_before: u64,
    },
    /// Outcome: every account is as the CRM has its user, or has a data error.
    SyncFinished,
    /// Checkpoint of comparing pool and accounts. The pool holds the users of all accounts whose SecureAuth id, compared as
    /// text, is not after `after`. Of those up to `until` it holds the ones whose user GUID is not after `checked`.
    UsersCompared {
        /// Last id of the parts of the list that are done; `None` at the start.
        after: Option<String>,
        /// Last id of the present part; `None` when it is the rest of the list.
        until: Option<String>,
        /// Last user GUID that is done in the present part.
        checked: Option<Uuid>,
    },
    /// Outcome: the pool holds the user of every account.
    UsersVerified {
        /// Number of users in the pool; `None`: they were compared one by one.
        #[serde(default)]
        counted: Option<u64>,
    },
    /// Intent to give the organization the biller's present name.
    RenameOrganization {
        /// Its id.
        organization_id: String,
    },
    /// Intent to set `deactivated: false`.
    Activate {
        /// Id of the organization that is to go live.
        organization_id: String,
        /// `deactivated` as SecureAuth showed it before; a rollback restores it.
        was_deactivated: bool,
    },
    /// Outcome: SecureAuth confirmed the flag; the point of no return.
    Activated,
    /// Intent of a disable run to set `deactivated: true`.
    Deactivate {
        /// Id of the organization that nobody can sign in to afterwards.
        organization_id: String,
        /// `deactivated` as SecureAuth showed it before; a rollback restores it.
        was_deactivated: bool,
    },
    /// Outcome: SecureAuth confirmed the flag, or the organization is gone; the point of no return.
    Deactivated {
        /// The organization does not exist any more.
        gone: bool,
    },
    /// Outcome: the sessions of the pool's users are ended, as far as possible.
    SessionsRevoked {
        /// Some could not be ended; an issue says so.
        in_part: bool,
    },
    /// The rollback begins; from here on the run only rolls back.
    RollbackStarted {
        /// What made going on impossible. Of several entries the first one counts.
        #[serde(with = "string_enum")]
        reason: Reason,
    },
    /// Intent to delete a pool.
    DeletePool {
        /// Id of a pool that this run created.
        pool_id: String,
    },
    /// Outcome: the pool is gone.
    PoolDeleted {
        /// The id that SecureAuth may keep unusable from now on.
        pool_id: String,
    },
    /// Outcome: the organization's `deactivated` flag is rolled back, so nobody can sign in because of this run.
    ActivationRolledBack,
    /// Outcome: the pools this run created are gone.
    PoolsRolledBack {
        /// The new generation, if this entry raised it; at most once per run.
        #[serde(default)]
        generation: Option<u32>,
    },
    /// Outcome: the users that this run imported are deleted.
    UsersRolledBack,
    /// Intent to delete the organization.
    DeleteOrganization {
        /// Id of an organization that this run created.
        organization_id: String,
    },
    /// Outcome: the organization is gone.
    OrganizationDeleted {
        /// Its id, which SecureAuth does not show any more.
        organization_id: String,
    },
    /// Outcome: the organization has its earlier `deactivated` flag again.
    OrganizationRestored {
        /// Id of an organization that the run found.
        organization_id: String,
    },
    /// Outcome: the organization needs no further rollback.
    OrganizationRolledBack,
    /// Everything is rolled back; a recheck follows (docs/decisions.md#looking-again-after-rollback).
    RolledBack,
    /// Outcome of the recheck: nothing of this run is left.
    Rechecked,
    /// An operator's command.
    Operator {
        /// Which one.
        #[serde(with = "string_enum")]
        command: Operation,
        /// The person, as given with `--by`.
        by: String,
    },
}

/// Whether the organization has the pool's identity provider, where the run may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum IdpResult {
    /// It has one.
    Present,
    /// The token has neither the scope `manage_idps` nor `read_configuration`, so nobody knows.
    NotChecked,
}

/// An entry as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Position in the run's journal, from 1.
    pub seq: u64,
    /// When it was written, by the database's clock.
    pub at: time::OffsetDateTime,
    /// The entry itself.
    pub entry: Entry,
}
