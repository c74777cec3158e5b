//! The stand-in host driven from outside, rule by rule (S1–S32 of the host reference).

mod front_door;
mod poison;
mod process;
mod program;
mod queue_trigger;
mod request;
mod response;
mod strict_mode;
mod support;
mod timeout;
mod timer;
