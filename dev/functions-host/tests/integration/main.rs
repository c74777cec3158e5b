//! Tests of the stand-in host from outside, rule by rule (S1–S41 of dev/functions-host/README.md).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers may fail a test just as the test functions may"
)]

mod azurite;
mod front_door;
mod poison;
mod process;
mod program;
mod queue_trigger;
mod request;
mod response;
mod strict_mode;
mod support;
mod timeout;
mod timer;
