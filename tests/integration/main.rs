//! The one integration binary: suites by capability.

mod events;
mod fault_matrix;
mod faults;
mod messages;
mod operating;
mod secrecy;
mod store;
mod support;
mod users;
