//! Records invocations, the handler's `Logs` and the violations of strict mode, for tests and for people.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use uuid::Uuid;

/// Most entries of each kind; the oldest are dropped first.
const CAPACITY: usize = 100_000;

/// One finished invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Value of `X-Azure-Functions-InvocationId`.
    pub invocation_id: Uuid,
    /// Name of the function.
    pub function: String,
    /// When the invocation began.
    pub started_at: OffsetDateTime,
    /// When the result was known, outputs included.
    pub ended_at: OffsetDateTime,
    /// How often the message has been delivered; `None` unless it is a queue trigger.
    pub dequeue_count: Option<u32>,
    /// Why the invocation failed; `None` when it succeeded.
    pub failure: Option<String>,
    /// What each output did.
    pub outputs: Vec<OutputSummary>,
}

impl Invocation {
    /// True if the handler and all outputs succeeded.
    pub fn succeeded(&self) -> bool {
        self.failure.is_none()
    }
}

/// What one output did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputSummary {
    /// It answered the caller.
    Http {
        /// The HTTP status that the caller gets.
        status: u16,
    },
    /// It put messages into a queue.
    Queue {
        /// Name of the queue.
        queue: String,
        /// Number of messages put.
        messages: usize,
    },
}

/// One entry of an envelope's `Logs`. The host logs it at level Information, with the invocation it belongs to (S27).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserLog {
    /// Id of the invocation that logged it.
    pub invocation_id: Uuid,
    /// Name of the function that logged it.
    pub function: String,
    /// The text as the handler sent it.
    pub text: String,
}

/// What was sent to the handler in one invocation, and what it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerExchange {
    /// Name of the function.
    pub function: String,
    /// The body of the request.
    pub envelope: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// `Content-Type` of the answer; empty when it had none.
    pub content_type: String,
    /// The body of the answer.
    pub answer: String,
}

#[derive(Clone, Default)]
pub(crate) struct Journal {
    exchanges: Ring<HandlerExchange>,
    invocations: Ring<Invocation>,
    user_logs: Ring<UserLog>,
    violations: Ring<String>,
}

impl Journal {
    pub(crate) fn invocation(&self, invocation: Invocation) {
        let (function, id) = (&invocation.function, &invocation.invocation_id);
        match &invocation.failure {
            None => tracing::debug!(%function, invocation_id = %id, "invocation succeeded"),
            Some(reason) => {
                tracing::warn!(%function, invocation_id = %id, "invocation failed: {reason}");
            }
        }
        self.invocations.push(invocation);
    }

    pub(crate) fn exchange(&self, exchange: HandlerExchange) {
        self.exchanges.push(exchange);
    }

    pub(crate) fn user_log(&self, log: UserLog) {
        tracing::info!(function = log.function, invocation_id = %log.invocation_id, "{}", log.text);
        self.user_logs.push(log);
    }

    pub(crate) fn violation(&self, text: String) {
        tracing::error!("{text}");
        self.violations.push(text);
    }

    pub(crate) fn invocations(&self) -> Vec<Invocation> {
        self.invocations.entries()
    }

    pub(crate) fn exchanges(&self) -> Vec<HandlerExchange> {
        self.exchanges.entries()
    }

    pub(crate) fn user_logs(&self) -> Vec<UserLog> {
        self.user_logs.entries()
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.violations.entries()
    }
}

/// A shared list of the latest entries.
pub(crate) struct Ring<T>(Arc<Mutex<VecDeque<T>>>);

impl<T> Clone for Ring<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Ring<T> {
    pub(crate) fn push(&self, entry: T) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == CAPACITY {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<T> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().cloned().collect()
    }
}
