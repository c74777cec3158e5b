//! One import call, and what to do when it is refused or its outcome is not known (reference 5.5).
//!
//! A chunk may be sent again as it is while nobody can have enrolled a credential: the pool is ours and its organization
//! deactivated. Otherwise every user is looked for first and only the missing ones are sent (reference 2.3).

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::failure::StepError;
use super::user_payload::Outgoing;
use crate::domain::reason::Reason;
use crate::ic_secureauth_api::{Api, ApiError, Class, ImportChunk, ImportSettings, PoolId};

/// What all chunks of a page have in common.
#[derive(Debug)]
pub(super) struct Importer {
    pub(super) api: Api,
    pub(super) tenant_id: String,
    pub(super) pool: PoolId,
    pub(super) settings: ImportSettings,
    /// Somebody may have enrolled a credential.
    pub(super) live: bool,
    /// Attempts of one call while `live`.
    pub(super) attempts: u32,
    /// Calls at once.
    pub(super) in_flight: usize,
}

impl Importer {
    /// The body that would be sent.
    pub(super) fn chunk(&self, users: &[Outgoing]) -> Result<ImportChunk, StepError> {
        let users: Vec<_> = users.iter().map(|user| user.import.clone()).collect();
        ImportChunk::new(&self.pool, &self.tenant_id, &users, &self.settings).map_err(|error| {
            tracing::error!(%error, "a chunk could not be built");
            StepError::Permanent(Reason::SecureauthRefused)
        })
    }

    /// Imports the users; the GUIDs of those that SecureAuth refused, each found alone by halving.
    pub(super) fn send(&self, users: Vec<Outgoing>, look_first: bool) -> BoxFuture<'_, Result<Vec<Uuid>, StepError>> {
        self.attempt(users, look_first, 1)
    }

    fn attempt(&self, users: Vec<Outgoing>, look: bool, attempt: u32) -> BoxFuture<'_, Result<Vec<Uuid>, StepError>> {
        Box::pin(async move {
            let users = if look { self.missing(users).await? } else { users };
            let Some(first) = users.first().map(|user| user.user_guid) else {
                return Ok(Vec::new());
            };
            match self.put(&users, attempt).await {
                Ok(()) => Ok(Vec::new()),
                Err(Refusal::OfTheData) if users.len() == 1 => Ok(vec![first]),
                Err(Refusal::OfTheData) => {
                    let mut left = users;
                    let right = left.split_off(left.len() / 2);
                    let mut refused = self.send(left, self.live).await?;
                    refused.extend(self.send(right, self.live).await?);
                    Ok(refused)
                }
                Err(Refusal::Unknown) => self.attempt(users, true, attempt + 1).await,
                Err(Refusal::Other(error)) => Err(error),
            }
        })
    }

    async fn put(&self, users: &[Outgoing], attempt: u32) -> Result<(), Refusal> {
        let chunk = self.chunk(users).map_err(Refusal::Other)?;
        if !self.live {
            return Ok(self.api.import(&chunk).await?);
        }
        match self.api.import_once(&chunk).await {
            Err(error) if error.outcome_unknown() && attempt < self.attempts => Err(Refusal::Unknown),
            answer => Ok(answer?),
        }
    }

    async fn missing(&self, users: Vec<Outgoing>) -> Result<Vec<Outgoing>, StepError> {
        stream::iter(users)
            .map(|user| async move {
                let found = self.api.user(&self.pool, &user.import.user_id).await?;
                Ok::<_, ApiError>(found.is_none().then_some(user))
            })
            .buffered(self.in_flight)
            .try_filter_map(|user| async move { Ok(user) })
            .try_collect()
            .await
            .map_err(StepError::from)
    }
}

enum Refusal {
    /// One of the records is not acceptable; which one is not said.
    OfTheData,
    /// None, some or all users may be in.
    Unknown,
    Other(StepError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        if error.class() == Class::Permanent && !error.is_not_found() {
            Self::OfTheData
        } else {
            Self::Other(error.into())
        }
    }
}
