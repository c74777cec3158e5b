//! Connections that are being opened. Each is opened in a task of its own: when the request that wanted it is gone, it goes on, and
//! the next request takes it. A server that takes longer to wake up than requests live would otherwise never be reached.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tiberius::error::{Error, IoErrorKind};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// An attempt, and when it ended.
type Dial<T> = JoinHandle<(Instant, Result<T, Error>)>;

#[derive(Debug)]
pub(super) struct Dials<T> {
    /// Attempts whose request is gone. There are never more than the pool's connections, because a new request takes one of
    /// these before it begins another.
    orphans: Mutex<Vec<Dial<T>>>,
    /// Longest time of an attempt.
    limit: Duration,
    /// A connection that nobody took for this long is not used.
    max_idle: Duration,
}

impl<T: Send + 'static> Dials<T> {
    pub(super) fn new(limit: Duration, max_idle: Duration) -> Self {
        Self {
            orphans: Mutex::default(),
            limit,
            max_idle,
        }
    }

    /// The connection of an attempt that nobody waits for any more, else of a new attempt.
    pub(super) async fn get(
        &self,
        connect: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        // Every round takes an attempt away.
        while let Some(orphan) = self.orphan() {
            match self.wait(orphan).await {
                Ok((ended, Ok(connection))) if ended.elapsed() <= self.max_idle => return Ok(connection),
                _ => {}
            }
        }
        let limit = self.limit;
        let dial = tokio::spawn(async move {
            let connected = timeout(limit, connect).await.unwrap_or_else(|_| Err(too_late()));
            (Instant::now(), connected)
        });
        self.wait(dial)
            .await
            .map_or_else(|_| Err(too_late()), |(_, connected)| connected)
    }

    /// Rather one that has ended.
    fn orphan(&self) -> Option<Dial<T>> {
        let mut orphans = self.orphans.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = orphans.iter().position(JoinHandle::is_finished).unwrap_or_default();
        (!orphans.is_empty()).then(|| orphans.swap_remove(ended))
    }

    async fn wait(&self, dial: Dial<T>) -> Result<(Instant, Result<T, Error>), tokio::task::JoinError> {
        let mut waiting = Waiting {
            dial: Some(dial),
            orphans: &self.orphans,
        };
        let ended = match &mut waiting.dial {
            Some(dial) => dial.await,
            None => Ok((Instant::now(), Err(too_late()))),
        };
        waiting.dial = None;
        ended
    }
}

fn too_late() -> Error {
    Error::Io {
        kind: IoErrorKind::TimedOut,
        message: "no answer in time".to_owned(),
    }
}

/// A request that waits for an attempt. When it is dropped, the attempt is an orphan.
struct Waiting<'d, T> {
    dial: Option<Dial<T>>,
    orphans: &'d Mutex<Vec<Dial<T>>>,
}

impl<T> Drop for Waiting<'_, T> {
    fn drop(&mut self) {
        if let Some(dial) = self.dial.take() {
            self.orphans.lock().unwrap_or_else(PoisonError::into_inner).push(dial);
        }
    }
}
