//! What the host makes of a handler's answer (reference 3).

mod decode;
mod http_output;
mod queue_output;

pub(crate) use decode::{Decoded, HandlerAnswer, decode};
pub(crate) use http_output::HttpAnswer;
pub(crate) use queue_output::queue_messages;
