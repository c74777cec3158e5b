//! Turns rows into JSON for `OPENJSON`.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::domain::issue::Issue;
use crate::store::LedgerRow;

/// Rows per statement: few round trips, and each statement ends well before the command timeout.
const ROWS: usize = 5_000;

/// JSON arrays of objects; each object also gets its position `n` in its array, from 1.
pub(super) fn chunks(rows: impl Iterator<Item = Value>) -> Vec<String> {
    let rows: Vec<Value> = rows.collect();
    rows.chunks(ROWS).map(numbered).collect()
}

fn numbered(rows: &[Value]) -> String {
    let rows = rows.iter().zip(1..).map(|(row, position)| {
        let mut row = row.clone();
        if let Some(members) = row.as_object_mut() {
            members.insert("n".to_owned(), Value::from(position));
        }
        row
    });
    Value::Array(rows.collect()).to_string()
}

/// The last row of each user, in the order in which the users first appear.
pub(super) fn last_of_each_user(rows: &[LedgerRow]) -> Vec<&LedgerRow> {
    let mut places = HashMap::with_capacity(rows.len());
    let mut last: Vec<&LedgerRow> = Vec::with_capacity(rows.len());
    for row in rows {
        let place = *places.entry(row.user_guid).or_insert(last.len());
        match last.get_mut(place) {
            Some(known) => *known = row,
            None => last.push(row),
        }
    }
    last
}

/// Each issue once, in order.
pub(super) fn distinct(issues: &[Issue]) -> impl Iterator<Item = &Issue> {
    let mut seen = HashSet::with_capacity(issues.len());
    issues.iter().filter(move |issue| seen.insert(**issue))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_numbered_within_their_chunk() {
        let rows = (0..ROWS + 2).map(|row| json!({ "row": row }));
        let chunks: Vec<Value> = chunks(rows)
            .iter()
            .map(|chunk| serde_json::from_str(chunk).unwrap())
            .collect();
        assert_eq!(chunks.len(), 2);
        assert_eq!(chunks[0].as_array().unwrap().len(), ROWS);
        let second = json!([{ "row": ROWS, "n": 1 }, { "row": ROWS + 1, "n": 2 }]);
        assert_eq!(chunks[1], second);
    }

    #[test]
    fn no_rows_are_no_chunk() {
        assert!(chunks(std::iter::empty()).is_empty());
    }
}
