//! Context and guard, which the caller adds to all calls of one piece of work.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

/// What the calls of one piece of work have in common.
#[derive(Clone, Default)]
pub struct CallContext {
    /// Sent as `X-Correlation-ID`; SecureAuth keeps it in audit events as `metadata.request_correlation_id`. It is in every log line
    /// too. Not sent when it is empty or not visible ASCII.
    pub correlation_id: String,
    /// W3C trace context of the work, sent as `traceparent`.
    pub traceparent: Option<String>,
    /// Decides before every attempt; `None` allows all.
    pub guard: Option<Arc<dyn CallGuard>>,
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext")
            .field("correlation_id", &self.correlation_id)
            .field("traceparent", &self.traceparent)
            .field("guarded", &self.guard.is_some())
            .finish()
    }
}

/// Decides whether an attempt may start. SecureAuth cannot be fenced, so a worker must not start a call that may outlive its lease
/// (docs/decisions.md#secureauth-cannot-be-fenced).
pub trait CallGuard: Send + Sync {
    /// Called directly before an attempt is sent, after all waiting. `deadline` is the longest time that the attempt can take. On an
    /// error nothing is sent, and the operation ends with [`Class::NotStarted`](super::Class::NotStarted).
    fn may_start(&self, deadline: Duration) -> Result<(), CallNotAllowed>;

    /// Until when a call may wait because the server asks for it. `None`: as long as one pause may last
    /// ([`Backoff::retry_after_cap`](super::Backoff::retry_after_cap)).
    fn patience(&self) -> Option<Instant> {
        None
    }

    /// An attempt that changes something ended without a known outcome, or was cancelled. Its deadline is `until`: up to
    /// then SecureAuth may be working on it.
    fn outcome_unknown(&self, until: Instant) {
        let _ = until;
    }
}

/// The guard refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the caller's guard does not allow the call")]
pub struct CallNotAllowed;
