//! Users of a pool counted; `number_of_users` may lag (row 49).

use std::collections::VecDeque;
use std::time::Duration;

use time::OffsetDateTime;

use super::model::{User, UserStatus};

/// Users counted by origin and by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) standard: u64,
    pub(crate) jit: u64,
    pub(crate) active: u64,
    pub(crate) inactive: u64,
    pub(crate) deleted: u64,
    pub(crate) new: u64,
}

impl Count {
    /// All of them.
    pub(crate) fn total(self) -> u64 {
        self.standard + self.jit
    }

    /// The two counters a user is in.
    fn of(&mut self, user: &User) -> [&mut u64; 2] {
        let origin = if user.jit { &mut self.jit } else { &mut self.standard };
        let status = match user.status {
            UserStatus::Active => &mut self.active,
            UserStatus::Inactive => &mut self.inactive,
            UserStatus::Deleted => &mut self.deleted,
            UserStatus::New => &mut self.new,
        };
        [origin, status]
    }
}

/// The count now, and older ones that reads may show.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    now: Count,
    held: VecDeque<(OffsetDateTime, Count)>,
}

impl Counts {
    /// The exact count.
    pub(crate) fn exact(&self) -> Count {
        self.now
    }

    /// The count that a read shows.
    pub(crate) fn shown(&self, now: OffsetDateTime) -> Count {
        self.held
            .iter()
            .find(|(until, _)| now < *until)
            .map_or(self.now, |(_, count)| *count)
    }

    /// Called before a change: reads show the old count for `lag`.
    pub(super) fn hold(&mut self, now: OffsetDateTime, lag: Duration) {
        while self.held.front().is_some_and(|(until, _)| *until <= now) {
            self.held.pop_front();
        }
        let until = now + lag;
        // Changes of one request have the same time. The first of them has the count before all of them.
        if !lag.is_zero() && self.held.back().is_none_or(|(held, _)| *held != until) {
            self.held.push_back((until, self.now));
        }
    }

    pub(super) fn add(&mut self, user: &User) {
        for count in self.now.of(user) {
            *count += 1;
        }
    }

    pub(super) fn subtract(&mut self, user: &User) {
        for count in self.now.of(user) {
            *count = count.saturating_sub(1);
        }
    }
}
