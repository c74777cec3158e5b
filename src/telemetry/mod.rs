//! Tracing set-up and redaction.

mod chain;

pub use chain::chain;
