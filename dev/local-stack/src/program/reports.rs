//! The data errors that runs report: which ones an event has to lead to, and the list below the table.

use local_stack::{IssueRecord, UserRow};

use super::verdict::Row;

/// A data error of a sample user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report {
    /// Number of the sample user.
    number: u32,
    field: &'static str,
    code: &'static str,
    /// Number of the sample user who has the value already.
    held_by: Option<u32>,
}

impl Report {
    pub(super) const fn of(number: u32, field: &'static str, code: &'static str) -> Self {
        Self {
            number,
            field,
            code,
            held_by: None,
        }
    }

    pub(super) const fn held(number: u32, field: &'static str, holder: u32) -> Self {
        Self {
            held_by: Some(holder),
            ..Self::of(number, field, "held")
        }
    }

    fn issue(self, biller_id: &str) -> IssueRecord {
        let guid = |number| UserRow::sample(biller_id, number).user_guid;
        IssueRecord {
            user_guid: guid(self.number),
            field: self.field.to_owned(),
            code: self.code.to_owned(),
            held_by: self.held_by.and_then(guid),
        }
    }
}

/// Every data error that is missing among the reported ones, and every reported one too many.
pub(super) fn disagreements<'a>(
    biller_id: &str,
    expected: &[Report],
    reported: impl Iterator<Item = &'a IssueRecord>,
) -> Vec<String> {
    let expected: Vec<_> = expected.iter().map(|report| report.issue(biller_id)).collect();
    let reported: Vec<_> = reported.cloned().collect();
    let missing = expected.iter().filter(|issue| !reported.contains(issue));
    let missing = missing.map(|issue| format!("not reported: {}", line(issue)));
    let others = reported.iter().filter(|issue| !expected.contains(issue));
    missing
        .chain(others.map(|issue| format!("reported: {}", line(issue))))
        .collect()
}

/// All data errors of all events, each with what SecureAuth has of the person.
pub(super) fn render(rows: &[Row]) -> String {
    let mut lines =
        vec!["Data errors that the runs reported, by GUID, and what SecureAuth has of these people:".to_owned()];
    for row in rows {
        let mut reported = row.observed.people.reported().peekable();
        if reported.peek().is_some() {
            lines.push(format!("{} {}, {}", row.biller.id, row.biller.name, row.act.label()));
        }
        lines.extend(reported.map(|(issue, in_secureauth)| format!("  {}: {in_secureauth}", line(issue))));
    }
    lines.join("\n")
}

fn line(issue: &IssueRecord) -> String {
    let IssueRecord {
        user_guid,
        field,
        code,
        held_by,
    } = issue;
    let guid = user_guid.as_deref().unwrap_or("a row without GUID");
    let holder = held_by.as_ref().map(|holder| format!(" by {holder}"));
    format!("{guid} {field} {code}{}", holder.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: [Report; 2] = [
        Report::of(8, "user_name", "duplicate"),
        Report::held(10, "user_name", 9),
    ];

    fn issue(report: Report) -> IssueRecord {
        report.issue("1011")
    }

    #[test]
    fn the_expected_data_errors_are_no_disagreement_in_any_order() {
        let reported = EXPECTED.map(issue);
        assert_eq!(disagreements("1011", &EXPECTED, reported.iter().rev()), [""; 0]);
    }

    #[test]
    fn a_data_error_that_is_missing_or_too_many_or_names_another_holder_is_a_disagreement() {
        let [duplicate, _] = EXPECTED.map(issue);
        let other = issue(Report::held(10, "user_name", 8));
        let found = disagreements("1011", &EXPECTED, [&duplicate, &other].into_iter());
        let (held, held_by_other) = (line(&issue(EXPECTED[1])), line(&other));
        assert_eq!(
            found,
            [format!("not reported: {held}"), format!("reported: {held_by_other}")]
        );
    }
}
