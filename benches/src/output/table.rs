//! The medians as a table, in Markdown that reads well on a console too.

use crate::program::Program;
use crate::results::{Case, Results};

const HEAD: [&str; 8] = [
    "what",
    "latency",
    "users",
    "handler",
    "peer",
    "replay",
    "handler ÷ peer",
    "handler ÷ replay",
];

/// Table and remarks.
pub(crate) fn render(results: &Results) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(results.cases().into_iter().map(|case| cells(results, case)));
    let mut widths = [3; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    let rule: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
    lines.insert(1, format!("| {} |", rule.join(" | ")));
    if !results.remarks.is_empty() {
        lines.push(String::new());
        lines.extend(results.remarks.iter().map(|remark| format!("* {remark}")));
    }
    lines.join("\n") + "\n"
}

fn line(row: &[String; HEAD.len()], widths: &[usize; HEAD.len()]) -> String {
    let cells: Vec<_> = row
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:width$}"))
        .collect();
    format!("| {} |", cells.join(" | "))
}

fn cells(results: &Results, case: Case) -> [String; HEAD.len()] {
    let value = |program| results.median(case, program);
    let [handler, peer, replay] = [Program::Handler, Program::Peer, Program::Replay].map(value);
    let ratio = |to: Option<f64>| {
        let pair = handler.zip(to).filter(|(_, to)| *to > 0.0);
        pair.map(|(handler, to)| number(handler / to)).unwrap_or_default()
    };
    [
        case.row.title().to_owned(),
        Some(case.latency_ms)
            .filter(|ms| *ms > 0)
            .map(|ms| format!("{ms} ms"))
            .unwrap_or_default(),
        Some(case.users)
            .filter(|users| *users > 0)
            .map(grouped)
            .unwrap_or_default(),
        handler.map(number).unwrap_or_default(),
        peer.map(number).unwrap_or_default(),
        replay.map(number).unwrap_or_default(),
        ratio(peer),
        ratio(replay),
    ]
}

/// With a comma after every three digits from the end.
pub(crate) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// With three digits that count, or all digits before the point.
pub(super) fn number(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_count_or_groups_of_three() {
        assert_eq!(
            [0.123_45, 1.234_5, 12.345, 1234.5].map(number),
            ["0.123", "1.23", "12.3", "1234"]
        );
        assert_eq!(
            [7, 999, 1000, 1_000_000].map(grouped),
            ["7", "999", "1,000", "1,000,000"]
        );
    }
}
