//! Reads a handler's answer and the values of its outputs (S20–S25).

mod decode;
mod http_output;
mod queue_output;

pub(crate) use decode::{Decoded, HandlerAnswer, decode};
pub(crate) use http_output::{HttpAnswer, NotAnAnswer};
pub(crate) use queue_output::queue_messages;
