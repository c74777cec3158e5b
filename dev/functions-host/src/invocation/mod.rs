//! One invocation from trigger to bound outputs.

mod exchange;
mod failure;
mod invoker;
mod outputs;
mod trace;

pub(crate) use exchange::HOST_VERSION;
pub(crate) use failure::Failure;
pub(crate) use invoker::{Invoker, InvokerSettings, Request};
pub(crate) use outputs::OutputBinder;
pub(crate) use trace::TraceContext;
