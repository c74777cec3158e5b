//! The report on all cases of a course.

use std::collections::BTreeMap;

use super::invariant::Verdict;
use super::scenario::Course;

/// The result of a case: its name, and the verdict or what does not hold.
pub(super) type Went = (String, Result<Verdict, String>);

/// Of so many cases, one may end before its fault.
const CASES_PER_EARLY_END: usize = 20;

/// Counts the verdicts. Panics with all cases in which the invariant does not hold, or if too many ended before their faults.
pub(super) fn judge(course: Course, went: &[Went]) {
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let mut broken = Vec::new();
    for (name, went) in went {
        match went {
            Ok(verdict) => *verdicts.entry(*verdict).or_default() += 1,
            Err(what) => broken.push(format!("{name}: {what}")),
        }
    }
    println!("{course:?}: {} cases: {verdicts:?}", went.len());
    assert!(
        broken.is_empty(),
        "{} of {} cases:\n{}",
        broken.len(),
        went.len(),
        broken.join("\n")
    );
    let early = verdicts.get(&Verdict::EndedBeforeTheFault).copied().unwrap_or_default();
    assert!(
        early <= went.len().div_ceil(CASES_PER_EARLY_END),
        "the machine is too busy: {early} of {} cases ended before their faults",
        went.len()
    );
}
