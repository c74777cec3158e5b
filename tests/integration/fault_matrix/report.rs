//! The report on all cases of a course.

use std::collections::BTreeMap;

use super::invariant::Verdict;
use super::scenario::Course;

/// The result of a case: its name, and the verdict or what does not hold.
pub(super) type Went = (String, Result<Verdict, String>);

/// Counts the verdicts. Panics with all cases in which the invariant does not hold.
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
}
