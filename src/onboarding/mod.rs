//! The saga.
