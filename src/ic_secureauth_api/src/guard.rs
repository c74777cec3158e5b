//! What the caller adds to every call of one piece of work.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

/// What the calls of one piece of work have in common.
#[derive(Clone, Default)]
pub struct CallContext {
    /// Sent as `X-Correlation-ID` and kept in SecureAuth's audit events as `metadata.request_correlation_id`; also in every log
    /// line. Left out of the request when it is empty or not visible ASCII.
    pub correlation_id: String,
    /// W3C trace context of the work, sent as `traceparent`.
    pub traceparent: Option<String>,
    /// Asked before every attempt; `None` lets every attempt start.
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

/// Decides whether a call may still start. SecureAuth cannot be fenced, so whoever holds a lease must not start what could
/// outlive it.
pub trait CallGuard: Send + Sync {
    /// Asked directly before an attempt is sent, after every wait and with a token at hand, with the longest time that attempt can
    /// take. A refusal means that nothing is sent and the operation ends with [`Class::NotStarted`](super::Class::NotStarted).
    fn may_start(&self, deadline: Duration) -> Result<(), CallNotAllowed>;

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
