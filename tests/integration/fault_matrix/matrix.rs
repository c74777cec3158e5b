//! The matrix: every operation of a course × every kind of fault × the calls that the fault may meet.

use std::collections::BTreeMap;

use local_stack::Stack;
use secureauth_simulator::{CallRecord, Fault, FaultKind};

use super::invariant::{Before, Verdict, assert_invariant};
use super::kind::{Lasts, fault, kinds};
use super::lane::{Case, begin, calls_of_a_clean_run, end, in_lanes, quick, run_all, was_too_slow};
use super::report;
use super::scenario::{Course, Scenario};
use super::{TOKEN, everything};

/// One cell of the matrix.
#[derive(Debug, Clone)]
struct Cell {
    course: Course,
    number: usize,
    operation: String,
    nth: u64,
    kind_name: &'static str,
    kind: FaultKind,
    lasts: Lasts,
}

impl Case for Cell {
    fn name(&self) -> String {
        let Self {
            course,
            operation,
            nth,
            kind_name,
            lasts,
            ..
        } = self;
        let lasts = if *lasts == Lasts::Once { "once" } else { "for ever" };
        format!("{course:?}: {operation} {kind_name} {lasts} from call {nth}")
    }

    fn biller(&self) -> String {
        format!("case-{:04}", self.number)
    }

    async fn run(&self, stack: &Stack) -> Result<Verdict, Box<dyn std::error::Error>> {
        one(stack, self).await
    }
}

impl Cell {
    /// The cases that run by default: every fifth one (which ones, differs with operation and course), every late
    /// effect of a write, and every lasting 404; of a turnover fewer. Late effects and lasting 404s have found errors before.
    fn is_in_the_sample(&self) -> bool {
        let reads = ["get_", "list_", "export_"]
            .iter()
            .any(|verb| self.operation.starts_with(verb));
        let late = self.kind_name == "late effect" && !reads;
        let hidden = self.kind_name == "404" && self.lasts == Lasts::ForEver;
        let turn = self.operation.len() + format!("{:?}", self.course).len();
        // A turnover has twice as many operations as any other course.
        if self.course.scenario == Scenario::Turnover {
            let once = late && self.lasts == Lasts::Once;
            return (once && self.nth == 1) || hidden || (self.number + turn).is_multiple_of(23);
        }
        late || hidden || (self.number + turn).is_multiple_of(5)
    }
}

/// Names of the kinds after which the handler calls more slowly.
const SLOWING: [&str; 2] = ["429", "403 request_forbidden"];

/// Runs the matrix of a course. Panics with all cases in which the invariant does not hold.
pub(super) async fn run(course: Course) {
    let calls = calls_of_a_clean_run(course).await.expect("a clean run");
    let mut cases = cases(course, &calls);
    assert!(cases.len() > 20, "{course:?}: {calls:?}");
    if !everything() {
        cases.retain(Cell::is_in_the_sample);
    }
    // A refusal of too many calls slows down what comes after it in the same process.
    cases.sort_by_key(|case| SLOWING.contains(&case.kind_name));
    let went = in_lanes(quick, cases, move |stack, cases| run_all(stack, course, cases)).await;
    report::judge(course, &went);
}

/// The cases of a course: of each operation the first and the second call of a clean run (from the refusal on, where
/// there is one), each under every fault.
fn cases(course: Course, calls: &[CallRecord]) -> Vec<Cell> {
    let from = course.rollback_from(calls);
    let name = |call: &CallRecord| call.operation.clone().unwrap_or_default();
    let mut operations: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (index, call) in calls.iter().enumerate() {
        let counts = operations.entry(name(call)).or_default();
        if index < from {
            counts.0 += 1;
        }
        counts.1 += 1;
    }
    // The handler has a token already. A case about the token revokes it first.
    operations.insert(TOKEN.to_owned(), (0, 1));
    let mut cases = Vec::new();
    for (operation, (before, all)) in operations {
        for nth in (before + 1..=all).take(2) {
            for (kind_name, kind) in kinds() {
                if Fault::on(&operation, kind.clone()).check().is_err() {
                    continue;
                }
                for lasts in [Lasts::Once, Lasts::ForEver] {
                    cases.push(Cell {
                        course,
                        number: cases.len(),
                        operation: operation.clone(),
                        nth,
                        kind_name,
                        kind: kind.clone(),
                        lasts,
                    });
                }
            }
        }
    }
    cases
}

async fn one(stack: &Stack, case: &Cell) -> Result<Verdict, Box<dyn std::error::Error>> {
    let biller = case.biller();
    if case.operation == TOKEN {
        stack.simulator().revoke_tokens();
    }
    let fault = fault(&case.operation, &case.kind, case.nth, case.lasts);
    let mut added = 0;
    let snapshot = begin(stack, case.course, &biller, |stack| {
        added = stack.simulator().faults().add(fault);
    })
    .await?;
    let run = stack.wait_for_end(&biller, crate::support::DEADLINE).await?;
    let met = stack
        .simulator()
        .faults()
        .list()
        .into_iter()
        .any(|fault| fault.id == added && fault.fired > 0);
    end(stack, &biller).await?;
    let before = Before {
        command: if case.number.is_multiple_of(2) {
            "resume"
        } else {
            "rollback"
        },
        ..Before::of(case.course, &biller, &snapshot)
    };
    let verdict = assert_invariant(stack, &before).await?;
    if met {
        Ok(verdict)
    } else if was_too_slow(stack, &run).await {
        Ok(Verdict::EndedBeforeTheFault)
    } else {
        Err("no call met the fault".into())
    }
}
