//! Calls of the import whose answers are lost or whose effects are late, in an organization in which people enroll meanwhile, and
//! beside a CRM that changes.

use std::collections::BTreeMap;
use std::time::Duration;

use local_stack::{Stack, StackOptions};
use secureauth_simulator::{CallRecord, Fault, FaultKind};
use tokio::time::Instant;

use super::super::invariant::{Before, Verdict, assert_invariant};
use super::super::kind::{Lasts, fault, kinds};
use super::super::lane::{Case, begin, calls_of_a_clean_run, end, in_lanes, quick, run_all};
use super::super::report;
use super::super::scenario::{Course, Scenario};
use super::super::share;
use super::Meanwhile;
use super::afterwards::everything_is_caught_up;
use super::change::Change;
use super::held::is_held;
use crate::support::IMPORT;

/// By default every so many-th case.
const SHARE: usize = 23;
/// The same of a turnover, which makes more calls.
const SHARE_OF_A_TURNOVER: usize = 61;
/// Runs afterwards: their deadlines are as short as the case's own.
const ATTEMPTS: usize = 3;

/// Calls of `sync_users` that change something.
const CHANGING: [&str; 7] = [
    IMPORT,
    "update_user",
    "add_identifier",
    "remove_identifier",
    "add_address",
    "remove_address",
    "revoke_tokens",
];

/// A course in whose organization people can enroll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Live {
    /// The run creates the organization, and it is live from then on (`CREATE_DEACTIVATED=false`).
    FromItsCreation,
    /// It is live before the run.
    Before(Course),
}

impl Live {
    fn course(self) -> Course {
        match self {
            Self::FromItsCreation => Course {
                scenario: Scenario::NewBiller,
                rolled_back: false,
            },
            Self::Before(course) => course,
        }
    }

    fn options(self) -> fn() -> StackOptions {
        match self {
            Self::FromItsCreation => || late().set("USERS_PER_PAGE", "3").set("CREATE_DEACTIVATED", "false"),
            Self::Before(_) => || late().set("USERS_PER_PAGE", "3"),
        }
    }
}

/// An effect may come for a second after its deadline: longer than a late effect takes and the change that is made then.
fn late() -> StackOptions {
    quick().set("CALL_MARGIN", "1s")
}

/// A deadline and `CALL_MARGIN`, of which nothing is left on a machine that needs longer for the change. No program can prevent what
/// a call does that takes effect even later.
const LATEST_EFFECT: Duration = Duration::from_millis(1_500);

/// One case: which call fails how, and what changes while it is held.
#[derive(Debug, Clone)]
struct Trouble {
    live: Live,
    number: usize,
    operation: String,
    nth: u64,
    kind_name: &'static str,
    kind: FaultKind,
    lasts: Lasts,
    after_effect: bool,
    change: Change,
}

impl Case for Trouble {
    fn name(&self) -> String {
        let Self {
            live,
            number,
            operation,
            nth,
            kind_name,
            lasts,
            change,
            ..
        } = self;
        let effect = if self.after_effect { "after" } else { "before" };
        format!("{live:?}, case {number}: {operation} {nth} {kind_name} {lasts:?}, {change:?} {effect} its effect")
    }

    fn biller(&self) -> String {
        format!("trouble-{:04}", self.number)
    }

    async fn run(&self, stack: &Stack) -> Result<Verdict, Box<dyn std::error::Error>> {
        one(stack, self).await
    }
}

/// Runs the cases of a course. Panics with all in which the invariant does not hold, or in which another Yes does not catch up.
pub(in super::super) async fn run(live: Live) {
    let course = live.course();
    let calls = calls_of_a_clean_run(course).await.expect("a clean run");
    let turnover = course.scenario == Scenario::Turnover;
    let share_of = if turnover { SHARE_OF_A_TURNOVER } else { SHARE };
    let cases = share(troubles(live, &calls), share_of);
    let went = in_lanes(live.options(), cases, move |stack, cases| run_all(stack, course, cases)).await;
    report::judge(course, &went);
}

fn troubles(live: Live, calls: &[CallRecord]) -> Vec<Trouble> {
    let names = [
        "500",
        "500 after the effect",
        "reset after",
        "late effect",
        "partial import",
    ];
    let changes = [
        Change::RowsAndEnrolled,
        Change::Joined,
        Change::Enrolled,
        Change::Left,
        Change::Changed,
        Change::RemovedByHand,
    ];
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut troubles = Vec::new();
    for call in calls {
        let operation = call.operation.as_deref().unwrap_or_default();
        let nth = counts.entry(operation).or_default();
        *nth += 1;
        if !CHANGING.contains(&operation) || *nth > 2 {
            continue;
        }
        // The course's own refusal.
        if call.status == Some(422) {
            continue;
        }
        for (kind_name, kind) in kinds().into_iter().filter(|(name, _)| names.contains(name)) {
            // A call that is refused before its effect has none to wait for.
            let moments = if kind_name == "500" {
                [false].as_slice()
            } else {
                &[false, true]
            };
            if Fault::on(operation, kind.clone()).check().is_err() {
                continue;
            }
            for lasts in [Lasts::Once, Lasts::ForEver] {
                for change in changes {
                    for after_effect in moments {
                        troubles.push(Trouble {
                            live,
                            number: troubles.len(),
                            operation: operation.to_owned(),
                            nth: *nth,
                            kind_name,
                            kind: kind.clone(),
                            lasts,
                            after_effect: *after_effect,
                            change,
                        });
                    }
                }
            }
        }
    }
    troubles
}

async fn one(stack: &Stack, case: &Trouble) -> Result<Verdict, Box<dyn std::error::Error>> {
    let (biller, course) = (case.biller(), case.live.course());
    let mut meanwhile = Meanwhile::default();
    stack.simulator().set_deactivated(&biller, false);
    meanwhile.everybody_enrolls(stack, &biller);
    let kind = FaultKind::Hold {
        after_effect: case.after_effect,
    };
    let mut held = 0;
    let begun = Instant::now();
    let snapshot = begin(stack, course, &biller, |stack| {
        let faults = stack.simulator().faults();
        faults.add(fault(&case.operation, &case.kind, case.nth, case.lasts));
        held = faults.add(Fault::on(&case.operation, kind).nth(case.nth));
    })
    .await?;
    if is_held(stack, &biller, held).await? {
        case.change
            .happens(stack, (course, &biller), case.number, &mut meanwhile)?;
    } else {
        return Err("the call never came".into());
    }
    if case.change == Change::Enrolled && case.after_effect && meanwhile.credentials.is_empty() {
        return Err("nobody enrolled".into());
    }
    stack.simulator().faults().remove(held);
    let effect_after = begun.elapsed();
    if effect_after >= LATEST_EFFECT {
        meanwhile.only_of_users_before(&snapshot);
    }
    end(stack, &biller).await?;
    let snapshot = meanwhile.applied_to(snapshot);
    let before = Before {
        meanwhile,
        command: if case.number.is_multiple_of(2) {
            "resume"
        } else {
            "rollback"
        },
        ..Before::of(course, &biller, &snapshot)
    };
    let verdict = assert_invariant(stack, &before).await?;
    everything_is_caught_up(stack, &before, verdict.is_rolled_back(), ATTEMPTS)
        .await
        .map_err(|error| format!("{verdict:?}, but {error}; the effect came after {effect_after:?}"))?;
    Ok(verdict)
}
