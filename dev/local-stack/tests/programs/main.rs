//! `local-stack serve` and `local-stack start` as a person uses them. The binaries of handler and stand-in host have to be built before;
//! `cargo test --workspace` does that.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on fails its test"
)]

mod curl;
mod machine;
mod processes;
mod running;
mod serve;
mod start;
