//! At most 100 users for one pool, written once.

use std::{collections::HashSet, fmt};

use sha2::{Digest as _, Sha256};
use time::{UtcOffset, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::{
    super::{PoolId, UserId},
    record::{Common, TenantDump},
    settings::ImportSettings,
    user::ImportUser,
};

/// Most users in one import (section 2.3).
pub const MAX_CHUNK_USERS: usize = 100;
/// Most bytes in one import: below the 1 MiB at which proxies commonly refuse a body (section 2.3).
pub const MAX_CHUNK_BYTES: usize = 1_000_000;

/// At most 100 users for one pool (section 5.4): every record carries that pool's id and the tenant's, and the body holds nothing
/// but user arrays. The body is written when the chunk is made, so that every repetition sends the same bytes.
#[derive(Clone)]
pub struct ImportChunk {
    tenant_id: String,
    pool: PoolId,
    user_ids: Vec<UserId>,
    body: Vec<u8>,
}

/// Why users do not make a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// No users: there is nothing to send.
    #[error("a chunk must hold at least one user")]
    Empty,
    /// More users than one import may hold.
    #[error("a chunk must hold at most {MAX_CHUNK_USERS} users")]
    TooManyUsers,
    /// A larger body than one import may have; halve the chunk.
    #[error("a chunk must not exceed {MAX_CHUNK_BYTES} bytes")]
    TooLarge,
    /// Two users, identifiers or addresses have the same id, so one would replace the other.
    #[error("two records of a chunk have the same id")]
    RepeatedId,
    /// `recorded_at` cannot be written as a timestamp (a year after 9999).
    #[error("recorded_at cannot be written as RFC 3339")]
    Timestamp,
}

impl ImportChunk {
    /// Writes the records of `users`, all for `pool`.
    pub fn new(
        pool: &PoolId,
        tenant_id: &str,
        users: &[ImportUser],
        settings: &ImportSettings,
    ) -> Result<Self, ChunkError> {
        check_users(users)?;
        let utc = settings.recorded_at.to_offset(UtcOffset::UTC);
        let recorded_at = utc.format(&Rfc3339).map_err(|_| ChunkError::Timestamp)?;
        let common = Common {
            tenant_id,
            user_pool_id: pool,
            created_at: &recorded_at,
            updated_at: &recorded_at,
        };
        let body = TenantDump::new(common, users, settings).to_json();
        if body.len() > MAX_CHUNK_BYTES {
            return Err(ChunkError::TooLarge);
        }
        let user_ids = users.iter().map(|user| user.user_id.clone()).collect();
        Ok(Self {
            tenant_id: tenant_id.to_owned(),
            pool: pool.clone(),
            user_ids,
            body,
        })
    }

    /// The pool every record is for.
    pub fn pool(&self) -> &PoolId {
        &self.pool
    }

    /// The users, in the order they were given.
    pub fn user_ids(&self) -> &[UserId] {
        &self.user_ids
    }

    /// SHA-256 of the body in hex: two chunks with the same hash send the same bytes.
    pub fn content_hash(&self) -> String {
        hex::encode(Sha256::digest(&self.body))
    }

    pub(super) fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Counts only: the body is personal data.
impl fmt::Debug for ImportChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportChunk")
            .field("pool", &self.pool)
            .field("users", &self.user_ids.len())
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

fn check_users(users: &[ImportUser]) -> Result<(), ChunkError> {
    if users.is_empty() {
        return Err(ChunkError::Empty);
    }
    if users.len() > MAX_CHUNK_USERS {
        return Err(ChunkError::TooManyUsers);
    }
    let distinct = |id: fn(&ImportUser) -> Uuid| users.iter().map(id).collect::<HashSet<_>>().len() == users.len();
    let user_ids: HashSet<_> = users.iter().map(|user| &user.user_id).collect();
    if user_ids.len() == users.len() && distinct(|user| user.identifier_id) && distinct(|user| user.address_id) {
        Ok(())
    } else {
        Err(ChunkError::RepeatedId)
    }
}
