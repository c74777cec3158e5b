//! Shares the calls in flight among the runs that this process works on (docs/decisions.md#fair-shares).

use std::sync::Arc;

/// The runs of one process.
#[derive(Debug)]
pub(super) struct Shares {
    most: usize,
    /// Its clones count the runs; a run that panics drops its clone.
    runs: Arc<()>,
}

/// One run's share.
#[derive(Debug)]
pub(super) struct Share {
    most: usize,
    runs: Arc<()>,
}

impl Shares {
    pub(super) fn of(most: usize) -> Self {
        Self {
            most,
            runs: Arc::default(),
        }
    }

    pub(super) fn enter(&self) -> Arc<Share> {
        Arc::new(Share {
            most: self.most,
            runs: Arc::clone(&self.runs),
        })
    }
}

impl Share {
    /// Most calls that the run may have begun at this moment. With other runs it is one more than an equal part, so that a call
    /// waits wherever one ends.
    pub(super) fn in_flight(&self) -> usize {
        let runs = Arc::strong_count(&self.runs).saturating_sub(1);
        if runs <= 1 {
            return self.most;
        }
        (self.most.div_ceil(runs) + 1).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_alone_has_all_calls_and_many_runs_have_two_each() {
        let shares = Shares::of(8);
        let first = shares.enter();
        assert_eq!(first.in_flight(), 8);
        let second = shares.enter();
        assert_eq!((first.in_flight(), second.in_flight()), (5, 5));
        let others: Vec<_> = (0..10).map(|_| shares.enter()).collect();
        assert_eq!(first.in_flight(), 2);
        drop((second, others));
        assert_eq!(first.in_flight(), 8);
    }

    #[test]
    fn a_process_with_one_call_never_begins_two() {
        let shares = Shares::of(1);
        let runs = [shares.enter(), shares.enter()];
        assert_eq!(runs.map(|run| run.in_flight()), [1, 1]);
    }
}
