//! The conformance suite of [`biller_onboarding::store::Store`]: every test runs on SQLite and on SQL Server
//! (docs/decisions.md#two-databases-one-suite).
//!
//! Each file lists its functions in [`on_both!`], which makes two tests of each. Those on SQL Server run when
//! `TEST_SQL_SERVER` names a server; without it they show as ignored (`build.rs`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod accept;
mod accounts;
pub(crate) mod db;
mod endings;
mod errors;
mod fixtures;
mod leases;
mod open_transactions;
mod operator;
mod other_keys;
pub(crate) mod own_database;
mod permissions;
mod pool_users;
mod records;
mod retention;
mod schema;
mod slots;
pub(crate) mod sql_server_db;
mod sql_server_only;
mod sqlite_db;
mod sqlite_only;
mod timer;
mod users;
