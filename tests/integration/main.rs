//! The one integration binary: suites by capability.

mod events;
mod faults;
mod messages;
mod store;
mod support;
mod users;
