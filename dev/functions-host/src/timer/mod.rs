//! Timer triggers.

mod listener;
mod schedule;

pub(crate) use listener::{Timer, TimerListener};
pub(crate) use schedule::Schedule;
