//! Tells the caller's guard of attempts that may still take effect.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::super::{CallGuard, Operation};

/// One attempt of an operation that changes something. Dropped before [`settle`](Self::settle), as when the attempt has no
/// answer or its task is cancelled, it tells the guard until when the attempt may still take effect.
pub(super) struct Unsettled(Option<(Arc<dyn CallGuard>, Instant)>);

impl Unsettled {
    pub(super) fn sending(operation: Operation, guard: Option<&Arc<dyn CallGuard>>, deadline: Duration) -> Self {
        let guard = guard.filter(|_| operation.mutates());
        Self(guard.map(|guard| (Arc::clone(guard), Instant::now() + deadline)))
    }

    /// The outcome of the attempt is known.
    pub(super) fn settle(mut self) {
        self.0 = None;
    }

    /// An answer came. The outcome is known once it has been parsed.
    pub(super) fn answered(mut self) -> Unread {
        Unread(self.0.take())
    }
}

/// The attempt of an answer that has not been parsed yet.
#[derive(Default)]
pub(super) struct Unread(Option<(Arc<dyn CallGuard>, Instant)>);

impl Unread {
    /// The answer does not belong to this attempt, so the server may still be working on it.
    pub(super) fn is_unusable(&self) {
        if let Some((guard, until)) = &self.0 {
            guard.outcome_unknown(*until);
        }
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unread")
            .field(&self.0.as_ref().map(|(_, until)| until))
            .finish()
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        if let Some((guard, until)) = self.0.take() {
            guard.outcome_unknown(until);
        }
    }
}
