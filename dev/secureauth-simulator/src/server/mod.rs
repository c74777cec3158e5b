//! HTTP: listening, routing, and the steps of every request around its operation.

mod body;
pub(crate) mod call;
mod connection;
pub(crate) mod operation;
mod pipeline;
pub(crate) mod reply;
mod router;

pub(crate) use connection::{Connection, CuttableListener};
pub(crate) use router::router;
