//! Prints the table of all events and their results.

use comfy_table::{Cell, CellAlignment, Table};

use super::verdict::{Row, organization};

/// The table has lines above, below and under the header. It has no others, so that it fits into 120 columns.
const PRESET: &str = "  ── ══      ──    ";

/// Columns of a terminal that the table needs.
const TABLE_WIDTH: u16 = 118;

const HEADER: [&str; 9] = [
    "biller",
    "event",
    "expected",
    "status",
    "users expected/\nin SecureAuth/\nin database",
    "organization\nin SecureAuth/\nin database",
    "acti-\nvation\ndate",
    "time",
    "",
];

/// Indexes of the table's columns with numbers.
const NUMBERS: [usize; 2] = [4, 7];

/// All rows as one text: a table, or a list if the terminal is too narrow for the table.
pub(super) fn render(rows: &[Row], width: Option<u16>) -> String {
    if width.is_some_and(|width| width < TABLE_WIDTH) {
        return list(rows);
    }
    let mut table = Table::new();
    table.load_preset(PRESET).set_header(HEADER);
    for index in 0..HEADER.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, 0));
            if NUMBERS.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let mut biller_above = "";
    for row in rows {
        // The biller's name is shown only at its first event.
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

/// The content of the table in short lines.
fn list(rows: &[Row]) -> String {
    let mut lines = vec!["Users: expected/in SecureAuth/in database".to_owned()];
    let mut biller_above = "";
    for row in rows {
        if row.biller.id != biller_above {
            biller_above = row.biller.id;
            lines.push(format!("{} {}", row.biller.id, row.biller.name));
        }
        let [_, event, _, status, users, organization, date, time, verdict] = texts(String::new(), row);
        lines.push(format!("  {verdict} {event}: {status} ({time})"));
        lines.push(format!("    users {users}, {organization}, date {date}"));
    }
    lines.join("\n")
}

fn cells(biller: String, row: &Row) -> Vec<Cell> {
    texts(biller, row).into_iter().map(Cell::new).collect()
}

fn texts(biller: String, row: &Row) -> [String; HEADER.len()] {
    let observed = &row.observed;
    let expected = row.act.ending.users();
    [
        biller,
        row.act.label(),
        row.act.ending.status().to_owned(),
        observed.status.clone(),
        format!(
            "{expected}/{}/{}",
            observed.secureauth.users, observed.users_in_database
        ),
        format!(
            "{}/{}",
            organization(observed.secureauth.deactivated),
            observed.ciam_state
        ),
        if observed.has_date { "set" } else { "–" }.to_owned(),
        format!("{:.1} s", row.took.as_secs_f64()),
        if row.is_good() { "✓" } else { "✗" }.to_owned(),
    ]
}
