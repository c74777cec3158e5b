//! The one integration binary: suites by capability.

mod events;
mod faults;
mod logging;
mod messages;
mod operating;

mod store;
mod support;
mod users;
