//! Fires one timer, never twice at a time.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::clock::ClockAndRandom;
use crate::config::{Function, TimerTrigger, Trigger};
use crate::envelope::{ScheduleStatus, TimerInput, TriggerInput};
use crate::invocation::{Invoker, Request};
use crate::tasks::Tasks;

/// A timer function that can be fired.
pub(crate) struct Timer {
    function: Arc<Function>,
    invoker: Arc<Invoker>,
    clock: ClockAndRandom,
    /// Held while the function runs, so that a schedule and an operator do not run it at the same time.
    running: Mutex<()>,
}

impl Timer {
    pub(crate) fn new(function: Arc<Function>, invoker: Arc<Invoker>, clock: ClockAndRandom) -> Self {
        Self {
            function,
            invoker,
            clock,
            running: Mutex::new(()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.function.name
    }

    /// Invokes the function once; its result is in the journal.
    pub(crate) async fn fire(&self) {
        let _running = self.running.lock().await;
        let now = self.clock.now();
        let status = self
            .trigger()
            .filter(|trigger| trigger.schedule.is_monitored(now))
            .and_then(|trigger| trigger.schedule.next_after(now))
            .map(|next| ScheduleStatus { last: now, next });
        let input = TriggerInput::Timer(TimerInput { status });
        let request = Request::new(Arc::clone(&self.function), input);
        // A failed timer invocation is recorded and not repeated before the next occurrence.
        let _ = self.invoker.invoke(request).await;
    }

    fn trigger(&self) -> Option<&TimerTrigger> {
        match &self.function.trigger {
            Trigger::Timer(trigger) => Some(trigger),
            Trigger::Http(_) | Trigger::Queue(_) => None,
        }
    }
}

/// The loop that fires a timer when it is due.
pub(crate) struct TimerListener {
    pub(crate) timer: Arc<Timer>,
    /// Fires at this interval instead of by the schedule.
    pub(crate) interval: Option<Duration>,
    pub(crate) tasks: Tasks,
}

impl TimerListener {
    /// Runs until the host stops. An invocation that runs then is not interrupted.
    pub(crate) async fn run(self) {
        let stopping = self.tasks.stopping();
        let mut last_due = self.timer.clock.now();
        while let Some(pause) = self.pause(&mut last_due) {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            self.timer.fire().await;
        }
    }

    /// Time until the next occurrence. That is always later than the last one, even if the clock is behind it.
    fn pause(&self, last_due: &mut OffsetDateTime) -> Option<Duration> {
        if let Some(interval) = self.interval {
            return Some(interval);
        }
        let now = self.timer.clock.now();
        let due = self.timer.trigger()?.schedule.next_after(now.max(*last_due))?;
        *last_due = due;
        Some(Duration::try_from(due - now).unwrap_or_default())
    }
}
