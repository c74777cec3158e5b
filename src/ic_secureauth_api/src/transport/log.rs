//! The log lines of the client: a warning for each failed attempt, a debug line for each answer. They contain no body, no URL, and no
//! header but `x-trace-id`.

use tracing::{debug, warn};

use super::{
    super::{CallContext, ErrorKind, Operation},
    Answer,
};

pub(super) fn failed(operation: Operation, attempt: u32, kind: &ErrorKind, correlation_id: &str) {
    warn!(
        %operation,
        attempt,
        status = kind.status(),
        error_code = kind.refusal().and_then(|refusal| refusal.error_code.as_deref()),
        secureauth_trace_id = kind.trace_id(),
        correlation_id,
        retry_after_seconds = kind.retry_after().map(|wait| wait.as_secs()),
        cause = %kind,
        "SecureAuth call failed",
    );
}

pub(super) fn answered(answer: &Answer, attempt: u32, context: &CallContext) {
    debug!(
        operation = %answer.operation,
        attempt,
        status = answer.status.as_u16(),
        secureauth_trace_id = answer.trace_id(),
        correlation_id = context.correlation_id,
        replayed = answer.replayed,
        "SecureAuth call answered",
    );
}
