//! Tests of the simulator over HTTP. Numbers in comments are rows of README.md, which names the tests of
//! each row.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod admin;
mod audit;
mod auth;
mod consistency;
mod determinism;
mod directories;
mod entries;
mod faults;
mod forbidden;
mod idempotency;
mod import;
mod late_writes;
mod library;
mod messages;
mod organization_changes;
mod organizations;
mod patching;
mod pool_deletion;
mod pool_reads;
mod pools;
mod program;
mod readme;
mod schemas;
mod sessions;
mod sign_in;
mod support;
mod switches;
mod tenants;
mod transport;
mod users;
mod workspaces;
mod wrong_subject;
