//! Counts the invocations that run and those that ever began. The host is idle when nothing runs and nothing began
//! meanwhile.

use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Default)]
pub(crate) struct Activity(Arc<Mutex<Counters>>);

/// The counters at one moment. If they are equal at two moments and nothing runs, nothing ran between the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) running: usize,
    pub(crate) begun: u64,
}

impl Activity {
    /// Counts one piece of work as running until the guard is dropped.
    pub(crate) fn begin(&self) -> Running {
        self.change(|counters| {
            counters.running += 1;
            counters.begun += 1;
        });
        Running(self.clone())
    }

    pub(crate) fn counters(&self) -> Counters {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// One running piece of work.
pub(crate) struct Running(Activity);

impl Drop for Running {
    fn drop(&mut self) {
        self.0
            .change(|counters| counters.running = counters.running.saturating_sub(1));
    }
}
