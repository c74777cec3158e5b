//! The process's share of the tenant's request budget: it works on runs only while it holds a row of `ciam.WorkerSlot`
//! (docs/ARCHITECTURE.md#worker-slots).

use std::sync::{Arc, Weak};

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::heartbeat::{Beat, Heartbeat, Hold};
use crate::domain::ids::WorkerId;
use crate::store::{Store, StoreError};

/// The process's slot. All runs it works on share the slot; the last one releases it.
#[derive(Debug)]
pub(super) struct WorkerSlot {
    store: Arc<dyn Store>,
    worker: WorkerId,
    slots: u32,
    beat: Beat,
    held: Arc<Mutex<Option<Held>>>,
}

#[derive(Debug)]
struct Held {
    slot: u32,
    /// Cloned into every [`SlotUse`]. The clones count the users, and a user that panics drops its clone.
    users: Arc<()>,
    heart: Heartbeat,
}

/// One run's use of the slot.
#[derive(Debug)]
pub(super) struct SlotUse {
    hold: Arc<Hold>,
    _user: Arc<()>,
}

impl SlotUse {
    /// How long this process surely holds the slot.
    pub(super) fn hold(&self) -> Arc<Hold> {
        Arc::clone(&self.hold)
    }
}

impl Held {
    fn is_used(users: &Arc<()>) -> bool {
        Arc::strong_count(users) > 1
    }

    fn join(&self) -> SlotUse {
        SlotUse {
            hold: self.heart.hold(),
            _user: Arc::clone(&self.users),
        }
    }
}

impl WorkerSlot {
    pub(super) fn new(store: Arc<dyn Store>, worker: WorkerId, slots: u32, beat: Beat) -> Self {
        Self {
            store,
            worker,
            slots,
            beat,
            held: Arc::default(),
        }
    }

    /// Joins the slot, or takes one if this process has none. `None`: all are taken. The caller must [`Self::leave`].
    pub(super) async fn enter(&self) -> Result<Option<SlotUse>, StoreError> {
        let mut held = self.held.lock().await;
        if let Some(ours) = held.as_ref().filter(|ours| ours.heart.hold().lasts(self.beat.every)) {
            return Ok(Some(ours.join()));
        }
        let asked = Instant::now();
        let Some(slot) = self.store.take_slot(self.worker, self.slots, self.beat.ttl).await? else {
            return Ok(None);
        };
        let users = held.take().map_or_else(Arc::default, |before| before.users);
        let heart = self.beat(asked, slot, Arc::downgrade(&users));
        let ours = held.insert(Held { slot, users, heart });
        Ok(Some(ours.join()))
    }

    /// Renews the slot while it has users. After a panic nobody releases it, so it must be able to expire.
    fn beat(&self, asked: Instant, slot: u32, users: Weak<()>) -> Heartbeat {
        let (store, worker, ttl) = (Arc::clone(&self.store), self.worker, self.beat.ttl);
        Heartbeat::start(asked, self.beat, move || {
            let store = Arc::clone(&store);
            let used = users.upgrade().is_some_and(|users| Arc::strong_count(&users) > 2);
            async move { Ok(used && store.renew_slot(worker, slot, ttl).await?) }
        })
    }

    /// Releases the slot if this was its last user. If the database does not answer, it is tried again in the background.
    pub(super) async fn leave(&self, slot: SlotUse) {
        drop(slot);
        let mut held = self.held.lock().await;
        let Some(ours) = held.take_if(|ours| !Held::is_used(&ours.users)) else {
            return;
        };
        if let Err(error) = self.store.free_slot(self.worker, ours.slot).await {
            tracing::warn!(
                error = %crate::telemetry::chain(&error),
                "could not release the worker slot; trying again in the background"
            );
            self.free_in_background(ours.slot);
        }
    }

    /// Until the slot is released, expires, or is in use again.
    fn free_in_background(&self, slot: u32) {
        let (store, worker, held) = (Arc::clone(&self.store), self.worker, Arc::clone(&self.held));
        let (expires, pause) = (Instant::now() + self.beat.ttl, self.beat.every / 3);
        tokio::spawn(async move {
            while Instant::now() < expires {
                tokio::time::sleep(pause).await;
                let held = held.lock().await;
                if held.is_some() || store.free_slot(worker, slot).await.is_ok() {
                    return;
                }
            }
        });
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::clock::SystemClock;
    use crate::store::sqlite::{SqliteOptions, SqliteStore};

    const BEAT: Beat = Beat {
        ttl: Duration::from_mins(3),
        every: Duration::from_secs(30),
    };

    /// A slot that beats all the time and does not expire during a test.
    const QUICK_BEAT: Beat = Beat {
        ttl: Duration::from_hours(1),
        every: Duration::from_millis(30),
    };

    async fn workers(count: u128) -> (tempfile::TempDir, Vec<WorkerSlot>) {
        workers_with(BEAT, count).await
    }

    async fn workers_with(beat: Beat, count: u128) -> (tempfile::TempDir, Vec<WorkerSlot>) {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions {
            busy_timeout: Duration::from_millis(20),
            ..SqliteOptions::default()
        };
        let store = SqliteStore::open(folder.path().join(FILE), Arc::new(SystemClock), options);
        let store = store.await.unwrap();
        store.migrate().await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let worker = |number| WorkerSlot::new(Arc::clone(&store), WorkerId(Uuid::from_u128(number)), 1, beat);
        (folder, (1..=count).map(worker).collect())
    }

    const FILE: &str = "slots.db";

    /// Nobody else writes while this is held.
    fn lock(folder: &tempfile::TempDir) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
        connection.busy_timeout(Duration::from_mins(1)).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection
    }

    async fn until_the_beat_fails(slot: &SlotUse) {
        let failed = async {
            while slot.hold().lasts(Duration::ZERO) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), failed)
            .await
            .expect("fails");
    }

    #[tokio::test]
    async fn runs_of_a_process_share_its_slot_and_the_last_one_releases_it() {
        let (_folder, workers) = workers(2).await;
        let first = workers[0].enter().await.unwrap().expect("is free");
        let second = workers[0].enter().await.unwrap().expect("is shared");
        assert!(workers[1].enter().await.unwrap().is_none());
        workers[0].leave(first).await;
        assert!(workers[1].enter().await.unwrap().is_none());
        workers[0].leave(second).await;
        assert!(workers[1].enter().await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_slot_whose_heart_beat_failed_is_released_all_the_same() {
        let (folder, workers) = workers_with(QUICK_BEAT, 2).await;
        let slot = workers[0].enter().await.unwrap().expect("is free");
        let locked = lock(&folder);
        until_the_beat_fails(&slot).await;
        locked.execute_batch("COMMIT").unwrap();
        workers[0].leave(slot).await;
        assert!(workers[1].enter().await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_slot_that_could_not_be_released_is_released_once_the_database_is_back() {
        let (folder, workers) = workers_with(QUICK_BEAT, 2).await;
        let slot = workers[0].enter().await.unwrap().expect("is free");
        let locked = lock(&folder);
        workers[0].leave(slot).await;
        locked.execute_batch("COMMIT").unwrap();
        let free = async {
            while workers[1].enter().await.unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), free)
            .await
            .expect("is released");
    }

    #[tokio::test]
    async fn a_user_that_panicked_does_not_keep_the_slot() {
        let (_folder, workers) = workers(2).await;
        let panicked = workers[0].enter().await.unwrap().expect("is free");
        drop(panicked);
        let next = workers[0].enter().await.unwrap().expect("is still held");
        workers[0].leave(next).await;
        assert!(workers[1].enter().await.unwrap().is_some());
    }
}
