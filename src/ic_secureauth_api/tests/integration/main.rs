//! Tests of the SecureAuth client over HTTP, against scripted servers and against the simulator.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "helpers of tests: they may panic, and nobody else uses them"
)]

mod against_simulator;
mod another_resource;
mod call_guard;
mod contract;
mod foreign;
mod goldens;
mod guards;
mod limits;
mod outcomes;
mod paging;
mod read_only;
mod redaction;
mod retries;
mod round_trip;
mod scopes;
mod support;
mod token;
mod waiting;
