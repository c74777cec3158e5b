//! `ICSecureAuthAPI` (docs/requirements.md#l1): a client for the SecureAuth Connect APIs. README.md beside this crate has an example.
//!
//! * System API (`/api/system/{tenant}`): organizations, identity providers, audit events.
//! * Identity API (`/api/identity/{tenant}`): pools, users, schemas, the import of users.
//! * Tenant Management API (`/api/system/tenants`, on-premise installations only): [`tenant_management`], a client of its own.
//!
//! The crate knows no biller, no database and no cloud. What it relies on is in docs/reference/secureauth-api.md; "SYS", "IDS", "OA" and
//! "ROOT" in comments are keys of its table of sources, without the year.
//!
//! ```text
//! SecureAuth ──call(CallContext)──▶ Api ──read_only()──▶ ReadOnlyApi
//!     │                              │
//!     └── one HTTP client, one token, one limiter and one pause, shared by all clones and all their tasks
//! ```
//!
//! Every operation makes up to [`Config::attempts`] attempts. After that it returns an [`ApiError`]: its [`class`](ApiError::class) says
//! what the caller can do next, its [`outcome_unknown`](ApiError::outcome_unknown) whether the caller has to look first.
//!
//! Every answer is compared with its request: one about another resource, tenant, workspace or pool is an error.

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
mod pace;
mod page;
mod paths;
mod pools;
mod schemas;
mod slots;
pub mod tenant_management;
mod token;
mod transport;
mod users;
mod workspaces;

pub use access::{Api, ReadOnly, ReadOnlyApi, ReadWrite};
pub use audit::{AuditEvent, AuditEventMetadata, AuditQuery};
pub use backoff::Backoff;
pub use client::{REQUIRED_SCOPES, SecureAuth};
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
pub use users::{
    Address, AddressStatus, AddressType, AddressUpdate, Identifier, IdentifierType, ListedUser, MAX_REVOKED_USERS,
    NewAddress, NewIdentifier, User, UserStatus, UserUpdate,
};
pub use workspaces::Workspace;

/// Compiles the example in README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The result of a delete or a removal. After both the resource, or the part of it, is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// This call deleted it.
    Deleted,
    /// It was not there (404): never created, deleted before, or deleted by an earlier attempt whose answer was lost.
    WasAbsent,
}
