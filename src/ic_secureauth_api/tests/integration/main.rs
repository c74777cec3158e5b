//! The SecureAuth client against a scripted server: what it sends, what it makes of the answers, and how it behaves when there
//! are none.

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
mod something_else;
mod support;
mod token;
mod waiting;
