//! Limits the requests in flight, pauses all of them when the server asks for it, and keeps the learned rates.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

/// A 403 does not say after how long the server allows a call.
const UNTOLD: Duration = Duration::from_secs(1);

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
    /// The server has accepted a call that began after the last refusal.
    is_open: bool,
    /// Whoever holds it is the next to start a call.
    queue: Arc<tokio::sync::Mutex<()>>,
}

impl State {
    fn module(&mut self, operation: Operation) -> &mut Learned {
        self.modules.entry(operation.module()).or_insert_with(|| Learned {
            pace: Pace::new(Instant::now()),
            last_refusal: None,
            is_open: false,
            queue: Arc::default(),
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

    /// Waits for the end of the pause, for a turn at the learned rate of the operation's module and for a free slot, at most until `latest`.
    /// Of the tasks that call the same module, only the first one waits for a turn, so that a refusal meets no turn that is taken already.
    pub(super) async fn enter(&self, operation: Operation, latest: Instant) -> Result<Permit<'_>, TooLong> {
        let latest_start = latest.max(Instant::now() + OVERTIME);
        self.pause_is_over(latest).await?;
        let queue = self.lock().module(operation).queue.clone();
        let first = timeout_at(latest_start, queue.lock()).await;
        let too_long = |now| TooLong(self.turn(operation, now) - now);
        let _first = first.map_err(|_| too_long(Instant::now()))?;
        // Ends at the latest when a pause or a turn comes after `latest`.
        loop {
            self.pause_is_over(latest).await?;
            let now = Instant::now();
            let turn = self.turn(operation, now);
            if turn > latest_start {
                return Err(too_long(now));
            }
            if turn > now {
                // A timer wakes up to a millisecond late.
                sleep_until(turn).await;
            }
            let slot = timeout_at(latest_start, self.slots.take()).await;
            let slot = slot.map_err(|_| TooLong(Duration::ZERO))?;
            // Another task may have met a refusal while this one waited.
            if let Some(permit) = self.permit(operation, slot) {
                return Ok(permit);
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

    /// When a call may start: after the pause, at its turn.
    fn turn(&self, operation: Operation, now: Instant) -> Instant {
        let mut state = self.lock();
        let turn = state.module(operation).pace.turn(now);
        state.paused_until.map_or(turn, |end| end.max(turn))
    }

    /// A call starts, unless there is a pause or its turn comes later.
    fn permit<'a>(&'a self, operation: Operation, slot: Slot<'a>) -> Option<Permit<'a>> {
        let now = Instant::now();
        let mut state = self.lock();
        let is_paused = state.paused_until.is_some_and(|end| end > now);
        let pace = &mut state.module(operation).pace;
        if is_paused || pace.turn(now) > now {
            return None;
        }
        pace.start(now);
        let alone = state.in_flight == 0;
        state.in_flight += 1;
        Some(Permit {
            limiter: self,
            entered: now,
            alone,
            _slot: slot,
        })
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
        let module = state.module(operation);
        let is_later = self.is_later_than(module.last_refusal);
        module.pace.accepted(is_later);
        module.is_open |= is_later;
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
        let module = state.module(operation);
        if is_about_the_rate && self.is_later_than(module.last_refusal) {
            let wait = if why == Throttled::Forbidden {
                pause.min(UNTOLD)
            } else {
                pause
            };
            module.pace.refused(now, wait);
        }
        module.last_refusal = Some(now);
        module.is_open = false;
        if is_new && why == Throttled::Forbidden {
            self.limiter.slots.narrow_step_by_step(!was_alone);
        } else {
            self.limiter.slots.narrow();
        }
        state.last_refusal = Some(now);
    }

    /// Whether the server has let in no other call of the module since it last refused one, so that the refusal of this one is not due to
    /// others.
    pub(super) fn is_refused_again(&self, operation: Operation) -> bool {
        let mut state = self.limiter.lock();
        let module = state.module(operation);
        !module.is_open && self.is_later_than(module.last_refusal)
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
mod simulation;
#[cfg(test)]
mod tests;
