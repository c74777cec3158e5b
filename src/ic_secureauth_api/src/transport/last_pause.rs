//! What the server answered when it asked for the last pause: a call that is not sent because of it has no answer of its own.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::super::{ErrorKind, error::Refusal};

/// The pause that ends last, and the answer that asked for it.
#[derive(Debug, Default)]
pub(super) struct LastPause(Mutex<Option<(Instant, Refusal)>>);

impl LastPause {
    /// The server asks for a pause. One that ends sooner replaces none that is going on.
    pub(super) fn asked(&self, kind: &ErrorKind, length: Duration) {
        let (Some(end), Some(refusal)) = (Instant::now().checked_add(length), kind.refusal()) else {
            return;
        };
        let mut last = self.lock();
        if last.as_ref().is_none_or(|(known, _)| *known <= end) {
            *last = Some((end, refusal.clone()));
        }
    }

    /// Why a call was not sent whose slot, turn or end of the pause comes too late; the latter two by `rest`.
    pub(super) fn why_not_sent(&self, rest: Duration) -> ErrorKind {
        let last = self.lock();
        let is_over = last.as_ref().is_none_or(|(end, _)| *end <= Instant::now());
        let refusal = last.as_ref().map(|(_, refusal)| refusal.clone());
        if is_over {
            ErrorKind::NoTurn { rest, refusal }
        } else {
            ErrorKind::Paused { rest, refusal }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Refusal)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn refused(status: u16) -> ErrorKind {
        ErrorKind::Refused(refusal(status))
    }

    fn refusal(status: u16) -> Refusal {
        Refusal {
            status,
            ..Refusal::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_not_sent_knows_the_answer_that_asked_for_the_longest_pause() {
        let pause = LastPause::default();
        pause.asked(&refused(503), 30 * SECOND);
        pause.asked(&refused(429), SECOND);
        let (rest, refusal) = (20 * SECOND, Some(refusal(503)));
        assert_eq!(pause.why_not_sent(rest), ErrorKind::Paused { rest, refusal });
    }

    #[test]
    fn a_call_without_a_slot_is_no_pause_of_a_server_that_asked_for_none() {
        let (rest, refusal) = (Duration::ZERO, None);
        let why = LastPause::default().why_not_sent(rest);
        assert_eq!(why, ErrorKind::NoTurn { rest, refusal });
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_pause_a_call_that_is_not_sent_had_no_turn() {
        let pause = LastPause::default();
        pause.asked(&refused(429), SECOND);
        tokio::time::advance(SECOND).await;
        let (rest, refusal) = (SECOND, Some(refusal(429)));
        assert_eq!(pause.why_not_sent(rest), ErrorKind::NoTurn { rest, refusal });
    }
}
