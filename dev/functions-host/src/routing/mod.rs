//! Route templates of text and plain parameters (S10).

mod template;

pub(crate) use template::{RouteTemplate, RouteValues};
