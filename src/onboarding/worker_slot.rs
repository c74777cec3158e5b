//! The tenant's budget: a process works on runs only while it holds a row of `ciam.WorkerSlot` (design.md §3).

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::heartbeat::{Beat, Heartbeat, Hold};
use crate::domain::ids::WorkerId;
use crate::store::{Store, StoreError};

/// One process's slot, shared by all runs it works on and given back after the last of them.
#[derive(Debug)]
pub(super) struct WorkerSlot {
    store: Arc<dyn Store>,
    worker: WorkerId,
    slots: u32,
    beat: Beat,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    slot: u32,
    users: usize,
    heart: Heartbeat,
}

impl WorkerSlot {
    pub(super) fn new(store: Arc<dyn Store>, worker: WorkerId, slots: u32, beat: Beat) -> Self {
        Self {
            store,
            worker,
            slots,
            beat,
            held: Mutex::new(None),
        }
    }

    /// Joins the slot, taking one if there is none yet. `None`: all are taken. Pair with [`Self::leave`].
    pub(super) async fn enter(&self) -> Result<Option<Arc<Hold>>, StoreError> {
        let mut held = self.held.lock().await;
        if let Some(ours) = held.as_mut().filter(|ours| ours.heart.hold().lasts(self.beat.every)) {
            ours.users += 1;
            return Ok(Some(ours.heart.hold()));
        }
        let asked = Instant::now();
        let Some(slot) = self.store.take_slot(self.worker, self.slots, self.beat.ttl).await? else {
            return Ok(None);
        };
        let (store, worker, ttl) = (Arc::clone(&self.store), self.worker, self.beat.ttl);
        let heart = Heartbeat::start(asked, self.beat, move || {
            let store = Arc::clone(&store);
            async move { store.renew_slot(worker, slot, ttl).await }
        });
        let users = held.as_ref().map_or(0, |ours| ours.users) + 1;
        let ours = held.insert(Held { slot, users, heart });
        Ok(Some(ours.heart.hold()))
    }

    /// Gives the slot back with the last of its users. A slot that cannot be given back expires.
    pub(super) async fn leave(&self) {
        let mut held = self.held.lock().await;
        let Some(ours) = held.as_mut() else {
            return;
        };
        ours.users = ours.users.saturating_sub(1);
        if ours.users > 0 {
            return;
        }
        let slot = ours.slot;
        *held = None;
        if let Err(error) = self.store.free_slot(self.worker, slot).await {
            tracing::warn!(error = %crate::telemetry::chain(&error), "a worker slot is left to expire");
        }
    }
}
