//! The stand-in host driven from outside, rule by rule (S1–S32 of the host reference).

mod queue_trigger;
mod support;
