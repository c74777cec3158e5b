//! Timer triggers: schedules, and the loop that fires them.

mod listener;
mod schedule;

pub(crate) use listener::{Timer, TimerListener};
pub(crate) use schedule::Schedule;
