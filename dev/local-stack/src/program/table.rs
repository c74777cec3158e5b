//! The table at the end.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use super::verdict::{Row, organization};

/// Rules above, below and under the header; no other lines, so that it fits 120 columns.
const PRESET: &str = "  ── ══      ──    ";

/// Columns of the terminal the table needs.
const FULL_WIDTH: u16 = 118;

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

/// Columns with numbers.
const NUMBERS: [usize; 2] = [4, 7];

/// All rows as one text; in a terminal of so many columns, cells that do not fit go on in the next line.
pub(super) fn render(rows: &[Row], width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_preset(PRESET).set_header(HEADER);
    if let Some(width) = width.filter(|width| *width < FULL_WIDTH) {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
    }
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
    let expected = row.act.ending.users();
    let texts = [
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
    ];
    texts.into_iter().map(Cell::new).collect()
}
