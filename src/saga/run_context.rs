//! What a step works with: the run, its journal state, its lease and the client.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::journal_state::JournalState;
use super::kept_settings::KeptSettings;
use super::lease_guard::LeaseGuard;
use super::shares::Share;
use super::{Dependencies, Saga};
use crate::domain::journal::Entry;
use crate::domain::run::{Run, RunState};
use crate::settings::{OnboardingSettings, RunSettings};
use crate::store::{Batch, Cursor, Lease, Store, StoreError};
use ic_secureauth_api::{Api, Organization, Versioned};

/// How often a read is repeated when SecureAuth may lag behind a write.
const LAG_LOOKS: usize = 4;

/// A run during one time slice.
pub(super) struct RunContext<'a> {
    pub(super) saga: &'a Saga,
    pub(super) run: Run,
    pub(super) journal: JournalState,
    pub(super) kept: KeptSettings,
    pub(super) lease: Lease,
    pub(super) guard: Arc<LeaseGuard>,
    /// The run's part of the calls in flight.
    pub(super) share: Arc<Share>,
    pub(super) api: Api,
    pub(super) time_slice_end: Instant,
    /// The run's organization as this time slice read it last.
    pub(super) organization_seen: Option<Versioned<Organization>>,
}

impl RunContext<'_> {
    pub(super) fn dependencies(&self) -> &Dependencies {
        &self.saga.dependencies
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.saga.dependencies.store
    }

    pub(super) fn settings(&self) -> &OnboardingSettings {
        &self.kept.onboarding
    }

    pub(super) fn times(&self) -> &RunSettings {
        &self.saga.dependencies.run
    }

    pub(super) fn time_slice_is_over(&self) -> bool {
        Instant::now() >= self.time_slice_end
    }

    /// Pauses before each read of something that a write created but a lagging read may not show yet: none before the
    /// first read, then the first ones of `VERIFY_PAUSES`.
    pub(super) fn lag_pauses(&self) -> Vec<Duration> {
        let pauses = self.times().verify_pauses.iter().copied();
        std::iter::once(Duration::ZERO).chain(pauses.take(LAG_LOOKS)).collect()
    }

    /// Writes a batch to the database and applies it to the journal state and the run.
    pub(super) async fn write(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.store().write(&self.lease, &batch).await?;
        for entry in &batch.entries {
            self.journal.apply(entry);
        }
        if let Some(progress) = batch.progress {
            self.run.progress = progress;
        }
        if let Some(generation) = batch.generation {
            self.run.generation = generation;
        }
        // Too many until the run is read again, if the database has some of them already.
        self.run.issues_total += batch.issues.len() as u64;
        if let Some(cursor) = batch.cursor {
            self.run.user_cursor = match cursor {
                Cursor::Start => None,
                Cursor::At(guid) => Some(guid),
            };
        }
        if let Some(tally) = batch.tally {
            self.run.tally = tally;
        }
        if let Some(listing) = batch.listing {
            self.run.listing = Some(listing);
        }
        if batch.is_progress {
            self.guard.made_progress();
            self.run.pauses_used = 0;
        }
        if batch.rolls_back.is_some() {
            self.run.state = RunState::RollingBack;
        }
        Ok(())
    }

    /// Writes one journal entry: an intent before its call, or an outcome after it.
    pub(super) async fn note(&mut self, entry: Entry) -> Result<(), StoreError> {
        self.write(Batch {
            entries: vec![entry],
            ..Batch::default()
        })
        .await
    }
}
