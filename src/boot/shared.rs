//! One shared value that is built when it is needed. Callers that wait for an attempt share its failure too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// A value that is built on first use.
#[derive(Debug)]
pub(super) struct Shared<T, E> {
    /// Number of failed attempts; changes only while `state` is locked.
    failures: AtomicU64,
    state: Mutex<State<T, E>>,
}

#[derive(Debug)]
struct State<T, E> {
    value: Option<Arc<T>>,
    last_failure: Option<E>,
}

impl<T, E: Clone> Shared<T, E> {
    pub(super) fn new() -> Self {
        Self {
            failures: AtomicU64::new(0),
            state: Mutex::new(State {
                value: None,
                last_failure: None,
            }),
        }
    }

    /// The value if it is `fresh`, else a new one, for which `make` gets the one from before. There is one attempt at a time, and a
    /// caller waits for one attempt at most. Otherwise, while a dependency is down, each caller would wait for the attempts of all
    /// callers before it.
    pub(super) async fn get(
        &self,
        fresh: impl FnOnce(&T) -> bool,
        make: impl AsyncFnOnce(Option<Arc<T>>) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let failures = self.failures.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(value) = state.value.as_ref().filter(|value| fresh(value)) {
            return Ok(Arc::clone(value));
        }
        if let Some(failure) = &state.last_failure
            && self.failures.load(Ordering::Acquire) != failures
        {
            return Err(failure.clone());
        }
        match make(state.value.clone()).await {
            Ok(value) => {
                let value = Arc::new(value);
                state.value = Some(Arc::clone(&value));
                Ok(value)
            }
            Err(failure) => {
                state.last_failure = Some(failure.clone());
                self.failures.fetch_add(1, Ordering::Release);
                Err(failure)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn a_value_is_built_once_and_again_when_it_is_not_fresh() {
        let shared: Shared<u32, ()> = Shared::new();
        let make = |more: u32| async move |before: Option<Arc<u32>>| Ok(before.map_or(0, |before| *before) + more);
        assert_eq!(shared.get(|_| true, make(1)).await.as_deref(), Ok(&1));
        assert_eq!(shared.get(|_| true, make(2)).await.as_deref(), Ok(&1));
        assert_eq!(shared.get(|_| false, make(3)).await.as_deref(), Ok(&4));
    }

    #[tokio::test]
    async fn callers_that_waited_for_a_failed_attempt_do_not_wait_for_another() {
        let shared: Shared<u32, u32> = Shared::new();
        let (attempts, permit) = (AtomicU32::new(0), Semaphore::new(0));
        let attempt = || {
            shared.get(
                |_| true,
                async |_| {
                    let number = attempts.fetch_add(1, Ordering::Relaxed);
                    drop(permit.acquire().await);
                    Err(number)
                },
            )
        };
        let open = async { permit.add_permits(1) };
        let (answers, ()) = tokio::join!(join_all((0..10).map(|_| attempt())), open);
        assert!(answers.iter().all(|answer| *answer == Err(0)), "{answers:?}");
        assert_eq!(attempts.load(Ordering::Relaxed), 1);
        assert_eq!(attempt().await, Err(1), "a later caller tries again");
    }
}
