//! All measured values, and their medians.

use std::collections::BTreeSet;

use crate::program::Program;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Row {
    SlotsUsed,
    AcceptedToImport,
    Import,
    VerificationToActive,
    PostToActive,
    CpuPerUser,
    PeakMemory,
    Sync,
    LastSync,
    SyncCalls,
    SyncGrowth,
    SmallBillers,
    SmallBehindBig,
    Throttled,
    AllowedUsed,
    Refused,
    FirstAnswerMedian,
    FirstAnswerP99,
    IdleMemory,
    Calls,
}

impl Row {
    /// The text in the table, with the unit.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::SlotsUsed => "slots used while importing (of 1)",
            Self::AcceptedToImport => "POST accepted → first import (s)",
            Self::Import => "import (s)",
            Self::VerificationToActive => "last import → Active (s)",
            Self::PostToActive => "POST → Active (s)",
            Self::CpuPerUser => "CPU per user (µs)",
            Self::PeakMemory => "peak memory (MiB)",
            Self::Sync => "a sync with 10 changed first names (s)",
            Self::LastSync => "the last one of such syncs in a row (s)",
            Self::SyncCalls => "calls of such a sync",
            Self::SyncGrowth => "growth of the database per sync (KiB)",
            Self::SmallBillers => "billers of 3 users, all at once (per s)",
            Self::SmallBehindBig => "a small biller behind big ones, POST → Active (s)",
            Self::Throttled => "at a server that limits calls, POST → Active (s)",
            Self::AllowedUsed => "accepted ÷ allowed there, after a minute (of 1)",
            Self::Refused => "refused with 429 there, after a minute (of 1)",
            Self::FirstAnswerMedian => "exec → first answer, median (ms)",
            Self::FirstAnswerP99 => "exec → first answer, p99 (ms)",
            Self::IdleMemory => "memory when idle (MiB)",
            Self::Calls => "calls of the smallest onboarding",
        }
    }
}

/// What a value is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Case {
    pub(crate) row: Row,
    pub(crate) latency_ms: u64,
    pub(crate) users: u32,
}

/// One measured value.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) case: Case,
    pub(crate) program: Program,
    pub(crate) run: u32,
    pub(crate) value: f64,
}

/// All measured values in their order, and remarks for people.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) samples: Vec<Sample>,
    pub(crate) remarks: Vec<String>,
}

impl Results {
    pub(crate) fn cases(&self) -> BTreeSet<Case> {
        self.samples.iter().map(|sample| sample.case).collect()
    }

    /// `None` if nothing was measured.
    pub(crate) fn median(&self, case: Case, program: Program) -> Option<f64> {
        let samples = self.samples.iter();
        let of_case = samples.filter(|sample| sample.case == case && sample.program == program);
        percentile(of_case.map(|sample| sample.value).collect(), 50)
    }
}

/// The smallest value that at least `percent` of all values do not exceed.
pub(crate) fn percentile(mut values: Vec<f64>, percent: usize) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        assert_eq!(percentile(vec![3.0, 1.0, 2.0], 50), Some(2.0));
        assert_eq!(percentile((1..=100).map(f64::from).collect(), 99), Some(99.0));
        assert_eq!(percentile(vec![7.0], 99), Some(7.0));
        assert_eq!(percentile(Vec::new(), 50), None);
    }
}
