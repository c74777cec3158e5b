//! The whole stack on one machine: a database file with the sample CRM, the SecureAuth simulator, the stand-in Functions
//! host and, behind it, the handler's binary as a process of its own.
//!
//! It serves the handler's integration tests and the program `local-stack` (`make run`, `make serve`, `make start`). The handler is never
//! linked: it is called over HTTP, as by the CRM, and judged by what the database and SecureAuth hold afterwards.
//!
//! ```no_run
//! use std::time::Duration;
//! use local_stack::{Stack, StackOptions, UserRow};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let stack = Stack::start(StackOptions::new("target/debug/biller-onboarding")).await?;
//! stack.crm().add_biller("1876", "City of Springfield")?;
//! stack.crm().add_users("1876", &[UserRow::sample("1876", 1)])?;
//! let answer = stack.front_door().toggle("1876", true).await?;
//! assert_eq!(answer.status, 202);
//! stack.drain(Duration::from_secs(30)).await?;
//! assert_eq!(stack.in_secureauth("1876").users, 1);
//! # Ok(())
//! # }
//! ```

mod crm;
mod database;
mod error;
mod front_door;
mod people;
mod real_host;
mod secureauth;
mod stack;
mod visit;

pub use crm::{Crm, ProductCiam, UserRow};
pub use database::{AccountRecord, BillerRecord, Database, IssueRecord, JournalEntry, RunRecord};
pub use error::StackError;
pub use front_door::{FrontDoor, HttpAnswer};
pub use real_host::RealHost;
pub use secureauth::BillerInventory;
pub use stack::{FunctionApp, HandlerCommand, NotReached, Stack, StackOptions, Storage};
pub use visit::{Visit, visit};
