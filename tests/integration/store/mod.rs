//! The conformance suite of [`biller_onboarding::store::Store`]: every sentence holds on SQLite and on SQL Server.
//!
//! Each suite lists its sentences in [`on_both!`], which makes two tests of each. The SQL Server half runs when
//! `TEST_SQL_SERVER` names a server; without it each of its tests says that it was skipped.

mod accept;
mod db;
mod fixtures;
mod sqlite_db;
