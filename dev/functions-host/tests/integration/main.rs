//! The stand-in host driven from outside, rule by rule (S1–S32 of the host reference).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers may fail a test just as the test functions may"
)]

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
