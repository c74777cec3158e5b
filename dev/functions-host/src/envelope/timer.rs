//! `Data` of a timer trigger: the .NET `TimerInfo` as a nested object (docs/reference/functions-host.md#timer-trigger).

use time::OffsetDateTime;

use super::scalar::date;
use crate::json::{Members, Node};

/// Why and when a timer fires.
#[derive(Debug, Clone)]
pub(crate) struct TimerInput {
    /// `None` for schedules of less than a minute, because the host does not monitor those.
    pub(crate) status: Option<ScheduleStatus>,
}

#[derive(Debug, Clone)]
pub(crate) struct ScheduleStatus {
    /// The previous occurrence.
    pub(crate) last: OffsetDateTime,
    /// The occurrence that follows.
    pub(crate) next: OffsetDateTime,
}

impl TimerInput {
    /// `Data.<binding>`
    pub(crate) fn data(&self) -> Node {
        let mut schedule = Members::default();
        schedule.push("AdjustForDST", true);
        let status = self.status.as_ref().map_or(Node::Null, |status| {
            let mut members = Members::default();
            members.push("Last", date(status.last));
            members.push("Next", date(status.next));
            members.push("LastUpdated", date(status.last));
            Node::Object(members)
        });
        let mut timer = Members::default();
        timer.push("Schedule", schedule);
        timer.push("ScheduleStatus", status);
        timer.push("IsPastDue", false);
        Node::Object(timer)
    }
}
