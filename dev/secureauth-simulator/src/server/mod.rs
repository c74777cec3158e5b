//! HTTP: listening, routing and what happens to every request before and after its operation.

mod body;
pub(crate) mod call;
mod connection;
pub(crate) mod operation;
mod pipeline;
pub(crate) mod reply;
mod router;

pub(crate) use connection::{Connection, CuttableListener};
pub(crate) use router::router;
