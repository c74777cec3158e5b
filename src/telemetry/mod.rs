//! Tracing set-up and redaction.
