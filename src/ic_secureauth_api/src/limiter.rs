//! Limits the requests in flight, pauses all of them when the server asks for it, and keeps the learned rates.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until, timeout_at};

use super::{
    Operation,
    error::Throttled,
    operation::Module,
    pace::Pace,
    slots::{Slot, Slots},
};

/// A call may wait so long for its turn whatever the caller allows: another time slice would cost more.
const OVERTIME: Duration = Duration::from_secs(1);

/// One for all tasks of a client, because the server limits the tenant, not the task.
#[derive(Debug)]
pub(super) struct Limiter {
    slots: Slots,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    paused_until: Option<Instant>,
    last_refusal: Option<Instant>,
    modules: HashMap<Module, Learned>,
    /// Operations that the server has let in since their last 403.
    let_in: HashSet<Operation>,
    /// Permits that are held.
    in_flight: usize,
}

/// The right to send requests, one after the other, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    limiter: &'a Limiter,
    entered: Instant,
    /// No other permit was held then.
    alone: bool,
    _slot: Slot<'a>,
}

/// The wait for the end of a pause, for a slot or for a turn ends too late for the caller. A pause, or the time until a turn, lasts so
/// much longer; when a slot is free, nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong(pub(super) Duration);

/// What is learned of one module.
#[derive(Debug)]
struct Learned {
    pace: Pace,
    last_refusal: Option<Instant>,
}

impl State {
    fn module(&mut self, operation: Operation, now: Instant) -> &mut Learned {
        self.modules.entry(operation.module()).or_insert_with(|| Learned {
            pace: Pace::new(now),
            last_refusal: None,
        })
    }
}

impl Limiter {
    pub(super) fn new(max_in_flight: usize) -> Self {
        Self {
            slots: Slots::new(max_in_flight),
            state: Mutex::new(State {
                paused_until: None,
                last_refusal: None,
                modules: HashMap::new(),
                let_in: HashSet::new(),
                in_flight: 0,
            }),
        }
    }

    /// Waits for the end of the pause, for a free slot and for a turn at the learned rate of the operation's module, at most until `latest`.
    pub(super) async fn enter(&self, operation: Operation, latest: Instant) -> Result<Permit<'_>, TooLong> {
        let latest_start = latest.max(Instant::now() + OVERTIME);
        // Ends at the latest when a pause lasts beyond `latest`.
        loop {
            self.pause_is_over(latest).await?;
            let slot = timeout_at(latest_start, self.slots.take()).await;
            let slot = slot.map_err(|_| TooLong(Duration::ZERO))?;
            // Another task may have met a refusal while this one waited.
            if self.pause_end().is_some() {
                continue;
            }
            let now = Instant::now();
            let turn = self.take_turn(operation, now, latest_start)?;
            // A timer wakes up to a millisecond late.
            if turn > now {
                sleep_until(turn).await;
            }
            if self.pause_end().is_none() && !self.slots.are_too_many() {
                return Ok(self.permit(slot));
            }
        }
    }

    /// Stops every task that has not started its request yet. A shorter pause never ends a longer one.
    pub(super) fn pause(&self, length: Duration) {
        // The clock cannot count that far; no process lives that long.
        let Some(end) = Instant::now().checked_add(length) else {
            return;
        };
        let mut state = self.lock();
        state.paused_until = Some(state.paused_until.map_or(end, |current| current.max(end)));
    }

    async fn pause_is_over(&self, latest: Instant) -> Result<(), TooLong> {
        match self.pause_end() {
            Some(end) if end > latest => Err(TooLong(end - Instant::now())),
            Some(end) => {
                sleep_until(end).await;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn pause_end(&self) -> Option<Instant> {
        self.lock().paused_until.filter(|end| *end > Instant::now())
    }

    /// A turn that comes too late stays for others.
    fn take_turn(&self, operation: Operation, now: Instant, latest: Instant) -> Result<Instant, TooLong> {
        let mut state = self.lock();
        let pace = &mut state.module(operation, now).pace;
        let turn = pace.turn(now);
        if turn > latest.max(now) {
            return Err(TooLong(turn - now));
        }
        pace.start(turn);
        Ok(turn)
    }

    fn permit<'a>(&'a self, slot: Slot<'a>) -> Permit<'a> {
        let mut state = self.lock();
        let alone = state.in_flight == 0;
        state.in_flight += 1;
        Permit {
            limiter: self,
            entered: Instant::now(),
            alone,
            _slot: slot,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The server accepted the request.
    pub(super) fn accepted(&self, operation: Operation) {
        let mut state = self.limiter.lock();
        state.let_in.insert(operation);
        state.module(operation, self.entered).pace.accepted();
        if self.is_later_than(state.last_refusal) {
            self.limiter.slots.accepted();
        }
    }

    /// The server asks everybody to pause. One request at a time is in flight from now on, until one is accepted.
    ///
    /// A request that was in flight during an earlier refusal tells nothing new. A 429 is about the rate. A 403 may be about the rate or
    /// about requests in flight: more than one of them come back step by step, and only a request that was alone tells about the rate, if
    /// the server has let in its operation since the last 403 of it. Otherwise it may be a missing right, which must not slow others down.
    pub(super) fn refused(&self, pause: Duration, why: Throttled, operation: Operation) {
        self.limiter.pause(pause);
        let now = Instant::now();
        let mut state = self.limiter.lock();
        let is_new = self.is_later_than(state.last_refusal);
        let was_alone = self.alone && state.in_flight == 1;
        let is_about_the_rate = match why {
            Throttled::TooMany => true,
            Throttled::Forbidden => state.let_in.remove(&operation) && was_alone,
            Throttled::Token => false,
        };
        let module = state.module(operation, self.entered);
        if is_about_the_rate && self.is_later_than(module.last_refusal) {
            module.pace.refused(now, pause);
        }
        module.last_refusal = Some(now);
        if is_new && why == Throttled::Forbidden {
            self.limiter.slots.narrow_step_by_step(!was_alone);
        } else {
            self.limiter.slots.narrow();
        }
        state.last_refusal = Some(now);
    }

    fn is_later_than(&self, refusal: Option<Instant>) -> bool {
        refusal.is_none_or(|refusal| refusal < self.entered)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limiter.lock().in_flight -= 1;
    }
}

#[cfg(test)]
mod tests;
