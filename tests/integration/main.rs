//! The one integration binary: suites by capability.

mod store;
