//! The journal's entries: what a run saw, meant to do and did. Append only; also the audit trail.
//!
//! The intent (`Create…`, `ImportChunk`, `Activate`, `Delete…`) is written before its call and the outcome after it.
//! An intent without an outcome means: look before you act. What was observed first is never overwritten.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One entry. An unknown word means a newer version wrote it: the run is left to that version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// Every row was read and validated.
    UsersChecked {
        /// Rows that are not `deleted`.
        total: u64,
        /// Rows with `deleted`.
        deleted: u64,
        /// Rows with a data error.
        invalid: u64,
    },
    /// The organization stood before this run.
    OrganizationFound {
        /// Its id.
        organization_id: String,
        /// What `deactivated` was.
        deactivated: bool,
    },
    /// Intent.
    CreateOrganization {
        /// The id asked for.
        organization_id: String,
        /// `X-Idempotency-Key`.
        key: String,
    },
    /// Outcome: it is there and carries this run's marker.
    OrganizationCreated {
        /// Its id.
        organization_id: String,
        /// SecureAuth ignored `deactivated: true`: it is live from the start.
        live: bool,
        /// Other members it does not show as they were asked for.
        #[serde(default)]
        differs_in: Vec<String>,
    },
    /// Outcome: SecureAuth refused it; there was no effect.
    OrganizationRefused,
    /// The pool stood before this run.
    PoolFound {
        /// Its id.
        pool_id: String,
        /// How it compares user names.
        case_insensitive: bool,
        /// Sent with every user.
        payload_schema_id: String,
        /// Sent with every user.
        metadata_schema_id: String,
        /// Settings that differ from ours; reported, never changed.
        differs_in: Vec<String>,
    },
    /// The pool's users up to this id are recorded in `PoolUserBefore`.
    PoolUsersPaged {
        /// Last user id of the page.
        last: String,
        /// How many so far.
        count: u64,
    },
    /// Every user the pool held before the import is recorded in `PoolUserBefore`.
    PoolUsersRecorded {
        /// How many.
        count: u64,
    },
    /// Intent.
    CreatePool {
        /// The id asked for.
        pool_id: String,
        /// The generation it is derived from.
        generation: u32,
        /// `X-Idempotency-Key`.
        key: String,
    },
    /// Outcome: it is there and carries this run's marker.
    PoolCreated {
        /// Its id, as answered.
        pool_id: String,
        /// Taken from the answer, sent with every user (seed 2).
        payload_schema_id: String,
        /// Taken from the answer, sent with every user (seed 2).
        metadata_schema_id: String,
        /// Settings it does not show as they were asked for.
        #[serde(default)]
        differs_in: Vec<String>,
    },
    /// Outcome: SecureAuth refused it; there was no effect.
    PoolRefused,
    /// Outcome: the id is refused although nothing is there to see. The next try uses the next generation.
    PoolIdRefused {
        /// The id.
        pool_id: String,
    },
    /// Whether the pool's identity provider is in the organization.
    IdpChecked {
        /// The pool.
        pool_id: String,
        /// `present`, or `not-checked` where the token has neither the scope `manage_idps` nor `read_configuration`.
        result: String,
    },
    /// Intent: these users go into the pool.
    ImportChunk {
        /// First user GUID.
        first: Uuid,
        /// Last user GUID.
        last: Uuid,
        /// How many.
        count: usize,
        /// SHA-256 (hex) of the body.
        hash: String,
    },
    /// Intent: users that an earlier run imported get new values; the ledger holds the old ones.
    ChangeUsers {
        /// How many.
        count: usize,
    },
    /// Outcome: everything up to this user GUID is dealt with.
    ImportedUpTo {
        /// Last user GUID of the page.
        last: Uuid,
    },
    /// There is no further user.
    ImportFinished,
    /// Checkpoint of comparing pool and ledger: everybody up to `after` is in the pool, by SecureAuth's ids as texts. Of
    /// those behind it, up to `until`, also those whose user GUID is not behind `checked` in the ledger.
    UsersCompared {
        /// Last id of the list that is dealt with entirely; none at the start.
        after: Option<String>,
        /// Last id of the part that is being dealt with; none when that is the rest of the list.
        until: Option<String>,
        /// Last user GUID of that part that is dealt with.
        checked: Option<Uuid>,
    },
    /// The pool holds what the ledger says.
    UsersVerified {
        /// By the ledger.
        expected: u64,
    },
    /// Intent: the go-live switch.
    Activate {
        /// The organization.
        organization_id: String,
        /// What `deactivated` was.
        was_deactivated: bool,
    },
    /// Outcome, confirmed by an answer: the point of no return.
    Activated,
    /// Intent of a disable run.
    Deactivate {
        /// The organization.
        organization_id: String,
        /// What `deactivated` was.
        was_deactivated: bool,
    },
    /// Outcome; `gone` when the organization does not exist any more.
    Deactivated {
        /// There is no organization.
        gone: bool,
    },
    /// From here on the run only removes what it created.
    RollbackStarted {
        /// Why.
        reason: String,
    },
    /// Intent.
    DeletePool {
        /// The pool.
        pool_id: String,
    },
    /// Outcome.
    PoolDeleted {
        /// The pool.
        pool_id: String,
    },
    /// Outcome: nobody can sign in because of this run any more.
    SwitchRolledBack,
    /// The pools this run created were removed.
    PoolsRolledBack {
        /// The generation from now on, where this entry made it grow: once per rollback.
        #[serde(default)]
        generation: Option<u32>,
    },
    /// Outcome: users this run added are deleted again and changed ones have their old values.
    UsersRolledBack,
    /// Intent.
    DeleteOrganization {
        /// The organization.
        organization_id: String,
    },
    /// Outcome.
    OrganizationDeleted {
        /// The organization.
        organization_id: String,
    },
    /// Outcome: `deactivated` is again what it was.
    OrganizationRestored {
        /// The organization.
        organization_id: String,
    },
    /// The organization needs no (more) undoing.
    OrganizationRolledBack,
    /// Everything is undone; looked for once more after a while (reference 5.3 R6).
    RolledBack,
    /// Checkpoint of looking again: everybody of the ledger up to this user GUID was asked for.
    RecheckedUpTo {
        /// Last user GUID of the page.
        last: Uuid,
        /// Nobody so far was there, or changed, again.
        clean: bool,
    },
    /// Looked for again: still gone.
    Rechecked,
    /// An operator's command.
    Operator {
        /// `resume`, `rollback`, `cancel` or `close`.
        command: String,
        /// Who, as given on the command line.
        by: String,
    },
}

/// An entry as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Position in the run's journal, from 1.
    pub seq: u64,
    /// When it was written, by the database's clock.
    pub at: time::OffsetDateTime,
    /// What.
    pub entry: Entry,
}
