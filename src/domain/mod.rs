//! The domain, without I/O: billers, runs, steps, users, and the sentences people read.
//!
//! Input is parsed once into the newtypes of [`ids`]; all other code can rely on them.

pub mod biller;
pub mod factors;
pub mod ids;
pub mod issue;
pub mod journal;
pub mod listing;
pub mod messages;
pub mod operation;
pub mod people;
pub mod reason;
pub mod run;
pub mod run_error;
pub mod step;
pub mod string_enum;
pub mod tally;
pub mod text;
pub mod toggle_event;
pub mod user;
pub mod user_set;

#[cfg(test)]
mod spelling_tests;
