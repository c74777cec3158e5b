//! Imports one chunk, and handles a refusal (docs/decisions.md#halving-a-refused-chunk) and an unknown outcome.
//!
//! A chunk may be sent again unchanged while nobody can have enrolled a credential: this run created the pool, and the
//! organization is deactivated. Otherwise each user is read first and only missing ones are sent
//! (docs/decisions.md#imports-into-live-pools).

use std::collections::HashMap;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::failure::StepError;
use super::super::journal_state::Origin;
use super::super::run_context::RunContext;
use super::import_users::known_pool;
use super::payload_schema;
use super::user_payload::{Outgoing, shown_hash};
use crate::domain::reason::Reason;
use crate::store::{LedgerRow, LedgerState};
use ic_secureauth_api::{Api, ApiError, Class, ImportChunk, ImportSettings, PoolId, SchemaId};

/// What all chunks of a page have in common.
#[derive(Debug)]
pub(super) struct Importer {
    pub(super) api: Api,
    pub(super) tenant_id: String,
    pub(super) pool: PoolId,
    pub(super) settings: ImportSettings,
    /// The pool is found, so it may hold other people's users.
    pub(super) foreign: bool,
    /// Somebody may have enrolled a credential.
    pub(super) live: bool,
    /// Attempts of one call while `live`.
    pub(super) attempts: u32,
    /// Most calls in flight.
    pub(super) in_flight: usize,
}

/// The outcome of an import. A user that no list names was imported.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// SecureAuth refused these users' data; halving found each of them.
    pub(super) refused: Vec<Uuid>,
    /// Another user of the found pool has the user name, although the pool's list did not show it.
    pub(super) present: Vec<Uuid>,
    /// An earlier attempt imported these users, perhaps with other values. Holds the hash of what SecureAuth shows
    /// (docs/decisions.md#hash-of-what-is-shown).
    pub(super) found: HashMap<Uuid, String>,
}

impl Sent {
    pub(super) fn extend(&mut self, other: Self) {
        self.refused.extend(other.refused);
        self.present.extend(other.present);
        self.found.extend(other.found);
    }

    /// The user's ledger row after the call: what SecureAuth holds now.
    pub(super) fn settled(&self, user: &Outgoing) -> LedgerRow {
        let guid = &user.user_guid;
        let state = if self.refused.contains(guid) || self.present.contains(guid) {
            LedgerState::Refused
        } else {
            LedgerState::Imported
        };
        let mut row = user.ledger_row(state);
        if let Some(hash) = self.found.get(guid) {
            row.content_hash.clone_from(hash);
        }
        row
    }
}

impl Importer {
    /// Imports into the pool of the run.
    pub(super) fn of(context: &RunContext<'_>) -> Result<Self, StepError> {
        let refused = || StepError::Permanent(Reason::SecureauthRefused);
        let pool = known_pool(context)?;
        let organization = context.journal.organization.as_ref();
        let foreign = pool.origin == Origin::Found;
        Ok(Self {
            api: context.api.clone(),
            tenant_id: context.dependencies().tenant_id.clone(),
            pool: PoolId::parse(&pool.id).map_err(|_| refused())?,
            settings: ImportSettings {
                payload_schema_id: SchemaId::parse(&pool.payload_schema_id).map_err(|_| refused())?,
                metadata_schema_id: SchemaId::parse(&pool.metadata_schema_id).ok(),
                address_verified: context.settings().address_verified,
                payload_members: payload_schema::members(context.settings())?,
                recorded_at: context.run.created_at,
            },
            foreign,
            live: foreign || organization.is_none_or(|organization| organization.live),
            attempts: context.dependencies().attempts,
            in_flight: context.dependencies().max_in_flight,
        })
    }

    /// The request body for these users.
    pub(super) fn chunk(&self, users: &[Outgoing]) -> Result<ImportChunk, StepError> {
        let users: Vec<_> = users.iter().map(|user| user.import.clone()).collect();
        ImportChunk::new(&self.pool, &self.tenant_id, &users, &self.settings).map_err(|error| {
            tracing::error!(%error, "could not build the body of an import");
            StepError::Permanent(Reason::SecureauthRefused)
        })
    }

    /// Imports the users. `look_first`: reads each user before, because an earlier attempt may have imported it.
    pub(super) fn send(&self, users: Vec<Outgoing>, look_first: bool) -> BoxFuture<'_, Result<Sent, StepError>> {
        self.attempt(users, look_first, 1)
    }

    fn attempt(&self, users: Vec<Outgoing>, look: bool, attempt: u32) -> BoxFuture<'_, Result<Sent, StepError>> {
        Box::pin(async move {
            let mut sent = Sent::default();
            let mut users = users;
            if look {
                sent.found = self.found(&users).await?;
                users.retain(|user| !sent.found.contains_key(&user.user_guid));
            }
            if users.is_empty() {
                return Ok(sent);
            }
            match self.put(&users, attempt).await {
                Ok(()) => {}
                Err(Refusal::OfTheData { conflict }) => sent.extend(self.refused(users, conflict).await?),
                Err(Refusal::Unknown) => sent.extend(self.attempt(users, true, attempt + 1).await?),
                Err(Refusal::Other(error)) => return Err(error),
            }
            Ok(sent)
        })
    }

    /// SecureAuth refuses at least one of the users; halving finds out which.
    async fn refused(&self, users: Vec<Outgoing>, conflict: bool) -> Result<Sent, StepError> {
        let mut sent = Sent::default();
        if let [user] = users.as_slice() {
            if conflict && self.foreign && self.is_somebody_elses(user).await? {
                sent.present.push(user.user_guid);
            } else {
                sent.refused.push(user.user_guid);
            }
            return Ok(sent);
        }
        let mut left = users;
        let right = left.split_off(left.len() / 2);
        for half in [left, right] {
            sent.extend(self.send(half, self.live).await?);
        }
        Ok(sent)
    }

    /// Another user of the pool has the user name. Asks by identifier, because a list may lag.
    async fn is_somebody_elses(&self, user: &Outgoing) -> Result<bool, StepError> {
        let name = &user.import.user_name;
        let found = self.api.find_user_by_identifier(&self.pool, name).await?;
        Ok(found.is_some_and(|found| found.value.id != user.import.user_id))
    }

    async fn put(&self, users: &[Outgoing], attempt: u32) -> Result<(), Refusal> {
        let chunk = self.chunk(users).map_err(Refusal::Other)?;
        if !self.live {
            return self.taken(self.api.import(&chunk).await);
        }
        match self.api.import_once(&chunk).await {
            Err(error) if error.outcome_unknown() && attempt < self.attempts => Err(Refusal::Unknown),
            answer => self.taken(answer),
        }
    }

    /// A replica may not know the run's new pool yet: a 404 is then no refusal of the users.
    fn taken(&self, answer: Result<(), ApiError>) -> Result<(), Refusal> {
        match answer {
            Err(error) if error.is_not_found() && !self.foreign => Err(Refusal::Other(StepError::not_shown())),
            answer => Ok(answer?),
        }
    }

    /// The users that the pool holds, each with the hash of what SecureAuth shows.
    async fn found(&self, users: &[Outgoing]) -> Result<HashMap<Uuid, String>, StepError> {
        let ids: Vec<_> = users
            .iter()
            .map(|user| (user.user_guid, user.import.user_id.clone()))
            .collect();
        stream::iter(ids)
            .map(|(guid, id)| async move {
                let found = self.api.user(&self.pool, &id).await?;
                let members = &self.settings.payload_members;
                Ok::<_, ApiError>(found.map(|found| (guid, shown_hash(&found.value, members))))
            })
            .buffer_unordered(self.in_flight)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await
            .map_err(StepError::from)
    }
}

enum Refusal {
    /// SecureAuth refuses at least one record and does not say which.
    OfTheData {
        /// Another resource has its id or its user name (409).
        conflict: bool,
    },
    /// SecureAuth may have imported none, some or all of the users.
    Unknown,
    Other(StepError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        if error.class() == Class::Permanent && !error.is_not_found() {
            Self::OfTheData {
                conflict: error.is_conflict(),
            }
        } else {
            Self::Other(error.into())
        }
    }
}
