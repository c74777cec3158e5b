//! How many requests may be in flight: one after a refusal, and more again while the server accepts them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Each further refusal of concurrent requests makes it so many times as long until there is one more.
const PATIENCE: usize = 4;
/// Most accepted requests that each allowed one takes before there is one more.
const LONGEST: usize = 256;

#[derive(Debug)]
pub(super) struct Slots {
    semaphore: Semaphore,
    width: Mutex<Width>,
}

#[derive(Debug)]
struct Width {
    most: usize,
    allowed: usize,
    /// Free and taken ones; more than allowed while those taken before a refusal come back.
    existing: usize,
    /// Grows one by one; otherwise the first accepted request gives all back.
    step_by_step: bool,
    /// Accepted requests since the last change.
    accepted: usize,
    /// How many of them each allowed request takes before there is one more.
    patience: usize,
}

/// The right to one request in flight.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    slots: &'a Slots,
    permit: Option<SemaphorePermit<'a>>,
}

impl Slots {
    pub(super) fn new(most: usize) -> Self {
        Self {
            semaphore: Semaphore::new(most),
            width: Mutex::new(Width {
                most,
                allowed: most,
                existing: most,
                step_by_step: false,
                accepted: 0,
                patience: 1,
            }),
        }
    }

    /// Waits without an end, in order of arrival.
    pub(super) async fn take(&self) -> Slot<'_> {
        // Ends because every turn takes a slot out of use.
        loop {
            #[expect(clippy::expect_used, reason = "the semaphore is private and nothing closes it")]
            let permit = self.semaphore.acquire().await.expect("open semaphore");
            let slot = Slot {
                slots: self,
                permit: Some(permit),
            };
            if !self.are_too_many() {
                return slot;
            }
        }
    }

    /// Some slots that are taken have to come back.
    fn are_too_many(&self) -> bool {
        let width = self.lock();
        width.existing > width.allowed
    }

    /// One request from now on, until one is accepted.
    pub(super) fn narrow(&self) {
        let mut width = self.lock();
        width.allowed = 1;
        width.accepted = 0;
        let surplus = width.existing.saturating_sub(width.allowed);
        width.existing -= self.semaphore.forget_permits(surplus);
    }

    /// One request from now on, and one more after as many accepted ones as are allowed. `in_company`: others were in flight, so their
    /// number may be the cause, and it takes longer after each further refusal.
    pub(super) fn narrow_step_by_step(&self, in_company: bool) {
        self.narrow();
        let mut width = self.lock();
        if width.step_by_step && in_company {
            width.patience = LONGEST.min(width.patience * PATIENCE);
        }
        width.step_by_step = true;
    }

    /// The server accepted a request that began after the last refusal.
    pub(super) fn accepted(&self) {
        let mut width = self.lock();
        if width.allowed == width.most {
            return;
        }
        width.accepted += 1;
        if !width.step_by_step {
            width.allowed = width.most;
        } else if width.accepted >= width.allowed * width.patience {
            width.allowed += 1;
            width.accepted = 0;
        }
        if width.allowed == width.most {
            width.step_by_step = false;
            width.patience = 1;
        }
        let missing = width.allowed.saturating_sub(width.existing);
        width.existing += missing;
        self.semaphore.add_permits(missing);
    }

    fn lock(&self) -> MutexGuard<'_, Width> {
        self.width.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut width = self.slots.lock();
        if width.existing > width.allowed
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
            width.existing -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn free(slots: &Slots) -> usize {
        let taken: Vec<_> = std::iter::from_fn(|| slots.take().now_or_never()).collect();
        taken.len()
    }

    #[test]
    fn after_a_refusal_one_is_in_flight_until_one_is_accepted() {
        let slots = Slots::new(8);
        let taken: Vec<_> = (0..6).filter_map(|_| slots.take().now_or_never()).collect();
        slots.narrow();
        assert_eq!(free(&slots), 0);
        assert!(slots.are_too_many());
        drop(taken);
        assert_eq!(free(&slots), 1);
        slots.accepted();
        assert_eq!(free(&slots), 8);
    }

    #[test]
    fn more_are_in_flight_one_by_one_and_later_after_each_further_refusal() {
        let slots = Slots::new(3);
        let accepted_until = |wanted: usize| {
            let mut accepted = 0;
            while free(&slots) < wanted {
                slots.accepted();
                accepted += 1;
                assert!(accepted < 1_000, "grows");
            }
            accepted
        };
        slots.narrow_step_by_step(true);
        assert_eq!((free(&slots), accepted_until(2)), (1, 1));
        slots.narrow_step_by_step(true);
        assert_eq!((free(&slots), accepted_until(2)), (1, 4));
        slots.narrow_step_by_step(true);
        assert_eq!((accepted_until(2), accepted_until(3)), (16, 32));
        slots.narrow_step_by_step(true);
        slots.narrow_step_by_step(false);
        assert_eq!(accepted_until(2), 1, "once all were allowed, it begins anew");
    }
}
