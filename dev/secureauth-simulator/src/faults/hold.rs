//! Calls that a test holds while it changes the world.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// Lets its calls go when it is dropped.
#[derive(Debug)]
pub(super) struct Gate {
    held: Arc<AtomicU64>,
    closed: watch::Sender<()>,
}

/// One call's side of a gate.
#[derive(Debug, Clone)]
pub(crate) struct Hold {
    held: Arc<AtomicU64>,
    closed: watch::Receiver<()>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            held: Arc::default(),
            closed: watch::Sender::new(()),
        }
    }
}

impl Gate {
    pub(super) fn held(&self) -> u64 {
        self.held.load(Ordering::SeqCst)
    }

    pub(super) fn hold(&self) -> Hold {
        Hold {
            held: Arc::clone(&self.held),
            closed: self.closed.subscribe(),
        }
    }
}

impl Hold {
    /// Waits until the gate is dropped.
    pub(crate) async fn wait(mut self) {
        self.held.fetch_add(1, Ordering::SeqCst);
        // Nothing is ever sent, so this ends with the sender.
        while self.closed.changed().await.is_ok() {}
    }
}
