//! The world changes at any call of a course: when the call arrives, or between its effect and its answer.

use std::collections::BTreeMap;

use local_stack::{Stack, StackOptions};
use secureauth_simulator::{CallRecord, Fault, FaultKind};

use super::super::invariant::{Before, Verdict, assert_invariant};
use super::super::lane::{Case, begin, calls_of_a_clean_run, end, in_lanes, quick, run_all};
use super::super::report;
use super::super::scenario::{Course, Scenario};
use super::super::{TOKEN, share};
use super::Meanwhile;
use super::afterwards::everything_is_caught_up;
use super::change::Change;
use super::held::is_held;

/// By default every so many-th case.
const SHARE: usize = 31;
/// The same of a turnover, which makes more calls.
const SHARE_OF_A_TURNOVER: usize = 83;

/// One case: what changes while which call is held.
#[derive(Debug, Clone)]
struct Moment {
    course: Course,
    number: usize,
    operation: String,
    nth: u64,
    after_effect: bool,
    change: Change,
}

impl Case for Moment {
    fn name(&self) -> String {
        let Self {
            course,
            number,
            operation,
            nth,
            change,
            ..
        } = self;
        let effect = if self.after_effect { "after" } else { "before" };
        format!("{course:?}, case {number}: {change:?} at {operation} {nth} {effect} its effect")
    }

    fn biller(&self) -> String {
        format!("moment-{:04}", self.number)
    }

    async fn run(&self, stack: &Stack) -> Result<Verdict, Box<dyn std::error::Error>> {
        one(stack, self).await
    }
}

/// No call is given up because it was held.
fn unhurried() -> StackOptions {
    let deadlines = ["CONNECT", "CRUD", "IMPORT", "TOKEN"].map(|call| format!("SECUREAUTH_{call}_DEADLINE"));
    deadlines.iter().fold(quick(), |options, name| options.set(name, "10s"))
}

/// Small pages make the cursor move.
fn small_pages() -> StackOptions {
    unhurried().set("USERS_PER_PAGE", "3")
}

/// Changes the world at the calls of a course. Panics with all cases in which the invariant does not hold, or in which another Yes
/// does not catch up.
pub(in super::super) async fn run(course: Course) {
    let calls = calls_of_a_clean_run(course).await.expect("a clean run");
    let turnover = course.scenario == Scenario::Turnover;
    let share_of = if turnover { SHARE_OF_A_TURNOVER } else { SHARE };
    let cases = share(moments(course, &calls), share_of);
    let went = in_lanes(small_pages, cases, move |stack, cases| run_all(stack, course, cases)).await;
    report::judge(course, &went);
}

/// Every change that is possible at each call. A call that only reads or is refused has no effect to wait for.
fn moments(course: Course, calls: &[CallRecord]) -> Vec<Moment> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut called = Vec::new();
    let mut moments = Vec::new();
    for call in calls {
        let operation = call.operation.as_deref().unwrap_or_default();
        let nth = counts.entry(operation).or_default();
        *nth += 1;
        // Whether a token is requested depends on earlier runs.
        if operation == TOKEN {
            continue;
        }
        for after_effect in [false, true] {
            if after_effect {
                called.push(operation);
            }
            let has_effect = call.method != "GET" && call.status != Some(422);
            if after_effect && !has_effect {
                continue;
            }
            for change in Change::ALL {
                if change.is_possible(course, &called) {
                    moments.push(Moment {
                        course,
                        number: moments.len(),
                        operation: operation.to_owned(),
                        nth: *nth,
                        after_effect,
                        change,
                    });
                }
            }
        }
    }
    moments
}

async fn one(stack: &Stack, case: &Moment) -> Result<Verdict, Box<dyn std::error::Error>> {
    let (biller, course) = (case.biller(), case.course);
    let mut meanwhile = Meanwhile::default();
    meanwhile.everybody_enrolls(stack, &biller);
    let kind = FaultKind::Hold {
        after_effect: case.after_effect,
    };
    let mut held = 0;
    let snapshot = begin(stack, course, &biller, |stack| {
        let fault = Fault::on(&case.operation, kind).nth(case.nth);
        held = stack.simulator().faults().add(fault);
    })
    .await?;
    if is_held(stack, &biller, held).await? {
        case.change
            .happens(stack, (course, &biller), case.number, &mut meanwhile)?;
    } else {
        return Err("the call never came".into());
    }
    stack.simulator().faults().remove(held);
    end(stack, &biller).await?;
    let snapshot = meanwhile.applied_to(snapshot);
    let before = Before {
        meanwhile,
        ..Before::of(course, &biller, &snapshot)
    };
    let verdict = assert_invariant(stack, &before).await?;
    if !course.rolled_back && verdict != Verdict::Succeeded {
        let run = stack.database().latest_run(&biller)?;
        let reason = run.and_then(|run| run.reason);
        return Err(format!("nothing failed, but {verdict:?} ({reason:?})").into());
    }
    everything_is_caught_up(stack, &before, verdict.is_rolled_back(), 1)
        .await
        .map_err(|error| format!("{verdict:?}, but {error}"))?;
    Ok(verdict)
}
