//! The one integration binary: suites by capability.
