//! Every read of a course is answered about another resource of the same kind, in a well-formed answer. Nothing of the other
//! biller may change (`elsewhere.rs`), whatever the run makes of it.

use std::collections::BTreeMap;

use local_stack::Stack;
use secureauth_simulator::{Fault, FaultKind};

use super::invariant::{Before, Verdict, assert_invariant};
use super::kind::{Lasts, fault};
use super::lane::{begin, calls_of_a_clean_run, end, in_lanes, prepare, quick};
use super::report::{self, Went};
use super::scenario::Course;
use super::share;
use crate::support::DEADLINE;

/// By default every so many-th case runs.
const SHARE: usize = 4;

/// One read.
#[derive(Debug, Clone)]
struct Read {
    number: usize,
    operation: String,
    nth: u64,
    lasts: Lasts,
}

impl Read {
    fn biller(&self) -> String {
        format!("read-{:04}", self.number)
    }
}

/// Answers every read of a course about something else. Panics with all cases in which the invariant does not hold.
pub(super) async fn run(course: Course) {
    let calls = calls_of_a_clean_run(course).await.expect("a clean run");
    let from = course.rollback_from(&calls);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut reads = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let operation = call.operation.clone().unwrap_or_default();
        let nth = counts.entry(operation.clone()).or_default();
        *nth += 1;
        if index < from || Fault::on(&operation, FaultKind::WrongSubject).check().is_err() {
            continue;
        }
        for lasts in [Lasts::Once, Lasts::ForEver] {
            reads.push(Read {
                number: reads.len(),
                operation: operation.clone(),
                nth: *nth,
                lasts,
            });
        }
    }
    let work = move |stack, reads| lane(stack, course, reads);
    let went = in_lanes(quick, share(reads, SHARE), work).await;
    report::judge(course, &went);
}

async fn lane(stack: Stack, course: Course, reads: Vec<Read>) -> Vec<Went> {
    let billers: Vec<String> = reads.iter().map(Read::biller).collect();
    prepare(&stack, course, &billers)
        .await
        .expect("what a course needs is created");
    let mut went = Vec::new();
    for read in reads {
        let name = format!("{course:?}: {read:?} is about something else");
        let outcome = one(&stack, course, &read).await.map_err(|error| error.to_string());
        stack.simulator().faults().clear();
        went.push((name, outcome));
    }
    went
}

async fn one(stack: &Stack, course: Course, read: &Read) -> Result<Verdict, Box<dyn std::error::Error>> {
    let biller = read.biller();
    let wrong = fault(&read.operation, &FaultKind::WrongSubject, read.nth, read.lasts);
    let mut added = 0;
    let snapshot = begin(stack, course, &biller, |stack| {
        added = stack.simulator().faults().add(wrong);
    })
    .await?;
    stack.wait_for_end(&biller, DEADLINE).await?;
    let faults = stack.simulator().faults().list();
    let met = faults.into_iter().any(|fault| fault.id == added && fault.fired > 0);
    end(stack, &biller).await?;
    let before = Before::of(course, &biller, &snapshot);
    let verdict = assert_invariant(stack, &before).await?;
    if met {
        Ok(verdict)
    } else {
        Err("no read met the fault".into())
    }
}
