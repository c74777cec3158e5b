//! The table at the end.

use comfy_table::modifiers::UTF8_ROUND_CORNERS;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Table};

use super::verdict::{Row, organization};

const HEADER: [&str; 10] = [
    "biller",
    "event",
    "expected",
    "status",
    "users\nexpected",
    "users in\nSecureAuth",
    "users in\ndatabase",
    "organization\nSecureAuth · database",
    "activation\ndate",
    "seconds",
];

/// Columns with numbers.
const NUMBERS: [usize; 4] = [4, 5, 6, 9];

/// All rows as one text.
pub(super) fn render(rows: &[Row]) -> String {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .apply_modifier(UTF8_ROUND_CORNERS);
    table.set_header(HEADER.into_iter().chain([""]));
    for index in NUMBERS {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut biller_above = "";
    for row in rows {
        // A biller's name stands once, in front of its first event.
        let name = if row.biller.id == biller_above {
            String::new()
        } else {
            format!("{} {}", row.biller.id, row.biller.name)
        };
        biller_above = row.biller.id;
        table.add_row(cells(name, row));
    }
    table.to_string()
}

fn cells(biller: String, row: &Row) -> Vec<Cell> {
    let observed = &row.observed;
    let event = row.act.event.label();
    let event = row
        .act
        .change
        .label()
        .map_or_else(|| event.to_owned(), |change| format!("{change}, {event}"));
    let texts = [
        biller,
        event,
        row.act.ending.status().to_owned(),
        observed.status.clone(),
        row.act.ending.users().to_string(),
        observed.secureauth.users.to_string(),
        observed.users_in_database.to_string(),
        format!(
            "{} · {}",
            organization(observed.secureauth.deactivated),
            observed.ciam_state
        ),
        if observed.has_date { "set" } else { "–" }.to_owned(),
        format!("{:.1}", row.took.as_secs_f64()),
        if row.is_good() { "✓" } else { "✗" }.to_owned(),
    ];
    texts.into_iter().map(Cell::new).collect()
}
