//! A chunk: at most 100 users for one pool.

use std::{collections::HashSet, fmt};

use bytes::Bytes;
use time::{UtcOffset, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::{
    super::{PoolId, UserId},
    record::{Common, TenantDump},
    settings::ImportSettings,
    user::ImportUser,
};

/// Most users in one import (docs/reference/secureauth-api.md#import).
pub const MAX_CHUNK_USERS: usize = 100;
/// Most bytes in one import, below the 1 MiB that proxies commonly accept (docs/reference/secureauth-api.md#a11).
pub const MAX_CHUNK_BYTES: usize = 1_000_000;

/// At most 100 users for one pool. Every record has the ids of that pool and of the tenant, and the body has user arrays only
/// (docs/reference/secureauth-api.md#rules-guards). The body is made once, so that every repetition sends the same bytes. Two
/// chunks are equal if they send the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportChunk {
    tenant_id: String,
    pool: PoolId,
    user_ids: Vec<UserId>,
    body: Bytes,
}

/// Why no chunk can be made of the users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// There are no users.
    #[error("a chunk must hold at least one user")]
    Empty,
    /// More than [`MAX_CHUNK_USERS`].
    #[error("a chunk must hold at most {MAX_CHUNK_USERS} users")]
    TooManyUsers,
    /// A body of more than [`MAX_CHUNK_BYTES`]; halve the chunk.
    #[error("a chunk must not exceed {MAX_CHUNK_BYTES} bytes")]
    TooLarge,
    /// Two users, identifiers or addresses have the same id. The second would replace the first.
    #[error("two records of a chunk have the same id")]
    RepeatedId,
    /// `recorded_at` is after the year 9999.
    #[error("recorded_at cannot be written as RFC 3339")]
    Timestamp,
}

impl ImportChunk {
    /// Makes the body.
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
            body: body.into(),
        })
    }

    /// `user_pool_id` of every record.
    pub fn pool(&self) -> &PoolId {
        &self.pool
    }

    /// Ids of the users, in the order they were given.
    pub fn user_ids(&self) -> &[UserId] {
        &self.user_ids
    }

    pub(super) fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    pub(super) fn body(&self) -> Bytes {
        self.body.clone()
    }
}

/// Shows sizes only: the body is personal data.
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
