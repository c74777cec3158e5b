//! `ICSecureAuthAPI` (L1): a client for the SecureAuth Connect APIs.
//!
//! * System API (`/api/system/{tenant}`): organizations, the workspace dump, audit events.
//! * Identity System API (`/api/identity/{tenant}`): pools, users, schemas, the import of users.
//! * Tenant Management API (`/api/system/tenants`, on-premise installations only): [`tenant_management`], a client of its own
//!   that [`SecureAuth`] does not lead to.
//!
//! The module knows no biller, no store and no cloud, and imports nothing from the rest of the crate. References such as
//! "section 2.3" mean `reference/secureauth-api.md`; "SYS", "IDS", "OA2" and "ROOT" are its names for the vendor's specs.
//!
//! ```text
//! SecureAuth ──call(CallContext)──▶ Api ──read_only()──▶ ReadOnlyApi
//!     │                              │
//!     └── one HTTP client, one token, one limiter and one pause, shared by all clones and all their tasks
//! ```
//!
//! Every operation makes up to [`Config::attempts`] attempts by itself. What it returns after that is an [`ApiError`], whose
//! [`class`](ApiError::class) says what the caller may do next and whose [`outcome_unknown`](ApiError::outcome_unknown) says
//! whether it has to look first.

mod access;
mod audit;
mod backoff;
mod client;
mod concerns;
mod config;
mod derive;
mod error;
mod etag;
mod guard;
mod id;
mod idempotency;
mod identity_provider;
mod import;
mod limiter;
mod marker;
mod mechanism;
mod members;
mod operation;
mod organizations;
mod page;
mod paths;
mod pools;
mod schemas;
pub mod tenant_management;
mod token;
mod transport;
mod users;

pub use access::{Api, ReadOnly, ReadOnlyApi, ReadWrite};
pub use audit::{AuditEvent, AuditEventMetadata, AuditQuery};
pub use backoff::Backoff;
pub use client::SecureAuth;
pub use config::{ClientAuthMethod, Config, ConfigError, Deadlines, MAX_IN_FLIGHT};
pub use derive::DerivedIds;
pub use error::{ApiError, Class, ErrorKind, Refusal};
pub use etag::{ETag, Versioned};
pub use guard::{CallContext, CallGuard, CallNotAllowed};
pub use id::{InvalidId, OrganizationId, PoolId, SchemaId, UserId};
pub use idempotency::{IdempotencyKey, InvalidIdempotencyKey};
pub use identity_provider::IdpCheck;
pub use import::{
    ChunkError, ImportChunk, ImportSettings, ImportUser, MAX_CHUNK_BYTES, MAX_CHUNK_USERS, PayloadMembers,
    PayloadMembersClash,
};
pub use marker::Marker;
pub use mechanism::Mechanism;
pub use operation::{Operation, Resource};
pub use organizations::{NewOrganization, Organization, OrganizationQuery};
pub use page::{MAX_PAGE, Page};
pub use pools::{NewPool, Pool, PoolSetting};
pub use schemas::Schema;
pub use users::{Address, Identifier, ListedUser, User, UserStatus, UserUpdate};

/// What a delete found: both mean that the resource is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// This call deleted it.
    Deleted,
    /// It was not there (404): never created, deleted before, or deleted by an earlier attempt whose answer was lost.
    WasAbsent,
}
