//! ASP.NET Core route templates, as far as functions use them (S10).

mod constraint;
mod segment;
mod template;

pub(crate) use template::{RouteTemplate, RouteValues};
