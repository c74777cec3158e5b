//! State that all requests share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use time::OffsetDateTime;

use crate::auth::Tokens;
use crate::calls::CallLog;
use crate::clock::Clock;
use crate::faults::FaultList;
use crate::forbidden::Forbidden;
use crate::idempotency::IdempotencyKeys;
use crate::limits::Limits;
use crate::options::{Client, Options};
use crate::random::Random;
use crate::state::State;
use crate::switches::Switches;

/// State that all requests share. A lock is held for one step only, and never across an await. Only
/// `random` may be locked while another lock is held.
pub(crate) struct App {
    pub(crate) tenant: String,
    clients: Mutex<Vec<Client>>,
    pub(crate) setup_client: Client,
    pub(crate) clock: Clock,
    switches: RwLock<Arc<Switches>>,
    random: Mutex<Random>,
    state: Mutex<State>,
    tokens: Mutex<Tokens>,
    limits: Mutex<Limits>,
    forbidden: Mutex<Forbidden>,
    faults: Mutex<FaultList>,
    keys: Mutex<IdempotencyKeys>,
    calls: Mutex<CallLog>,
}

impl std::fmt::Debug for App {
    /// Without tokens, secrets and a million users.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl App {
    pub(crate) fn new(options: Options) -> Self {
        let clock = Clock::new(options.clock);
        let state = State::new(
            &options.tenant,
            &options.parent_organization,
            Random::new(options.seed, 1),
            clock.now(),
        );
        Self {
            tenant: options.tenant,
            clients: Mutex::new(options.clients),
            setup_client: options.setup_client,
            clock,
            switches: RwLock::new(Arc::new(options.switches)),
            random: Mutex::new(Random::new(options.seed, 2)),
            state: Mutex::new(state),
            tokens: Mutex::default(),
            limits: Mutex::default(),
            forbidden: Mutex::default(),
            faults: Mutex::default(),
            keys: Mutex::default(),
            calls: Mutex::default(),
        }
    }

    /// The switches now. A request uses those of its start to its end.
    pub(crate) fn switches(&self) -> Arc<Switches> {
        self.switches.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes switches. On an error it changes none.
    pub(crate) fn change_switches<E>(&self, change: impl FnOnce(&mut Switches) -> Result<(), E>) -> Result<(), E> {
        let mut current = self.switches.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = Switches::clone(&current);
        change(&mut changed)?;
        *current = Arc::new(changed);
        Ok(())
    }

    pub(crate) fn clients(&self) -> MutexGuard<'_, Vec<Client>> {
        lock(&self.clients)
    }

    /// Now, by the simulator's clock.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub(crate) fn random(&self) -> MutexGuard<'_, Random> {
        lock(&self.random)
    }

    /// The tenant now. Purges pools, makes directories and applies late writes that are due first.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        let now = self.now();
        state.purge_pools(now);
        state.make_directories(now);
        state.apply_late_writes(now);
        state
    }

    pub(crate) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        lock(&self.tokens)
    }

    pub(crate) fn forbidden(&self) -> MutexGuard<'_, Forbidden> {
        lock(&self.forbidden)
    }

    pub(crate) fn limits(&self) -> MutexGuard<'_, Limits> {
        lock(&self.limits)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultList> {
        lock(&self.faults)
    }

    pub(crate) fn keys(&self) -> MutexGuard<'_, IdempotencyKeys> {
        lock(&self.keys)
    }

    pub(crate) fn calls(&self) -> MutexGuard<'_, CallLog> {
        lock(&self.calls)
    }
}

/// Takes a lock even if its holder panicked: a failed assertion in one request must not make all later
/// requests fail.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
