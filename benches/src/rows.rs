//! What is measured, row by row.

mod crowd;
mod growth;
mod sizes;
mod smallest;
mod starts;
mod syncs;
mod throttled;

use crate::error::BenchError;
use crate::plan::{Plan, Rows};
use crate::program::{Program, Programs};
use crate::results::{Case, Results, Row, Sample};

/// The share of its slots that the peer has to use at a latency. A slower one would make any handler look good.
const PEER_USES: [(u64, f64); 2] = [(960, 0.95), (50, 0.65)];

/// Measures every row.
pub(crate) async fn all(plan: &Plan, programs: &Programs, results: &mut Results) -> Result<(), BenchError> {
    match plan.only {
        Some(Rows::Throttled) => return throttled::measure_all(plan, programs, results).await,
        Some(Rows::Sizes) => return sizes::measure_all(plan, programs, results).await,
        None => sizes::measure_all(plan, programs, results).await?,
    }
    growth::measure_all(plan, programs, results).await?;
    syncs::measure_all(plan, programs, results).await?;
    crowd::small_billers(plan, programs, results).await?;
    crowd::small_behind_big(plan, programs, results).await?;
    throttled::measure_all(plan, programs, results).await?;
    starts::measure_all(plan, programs, results).await?;
    smallest::measure_all(programs, results).await
}

/// An error if the peer used fewer of its slots than a fair one does.
pub(crate) fn peer_is_fast_enough(results: &Results) -> Result<(), BenchError> {
    for (latency_ms, wanted) in PEER_USES {
        let is_it = |case: &Case| case.row == Row::SlotsUsed && case.latency_ms == latency_ms;
        let used = results.cases().into_iter().find(is_it);
        let used = used.and_then(|case| results.median(case, Program::Peer));
        match used {
            Some(used) if used < wanted => {
                return Err(BenchError::SlowPeer {
                    used,
                    latency_ms,
                    wanted,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where the values of one measurement go.
struct Recorder<'a> {
    results: &'a mut Results,
    program: Program,
    run: u32,
    latency_ms: u64,
    users: u32,
}

impl Recorder<'_> {
    fn add(&mut self, row: Row, value: f64) {
        let (latency_ms, users) = (self.latency_ms, self.users);
        self.results.samples.push(Sample {
            case: Case { row, latency_ms, users },
            program: self.program,
            run: self.run,
            value,
        });
    }
}
