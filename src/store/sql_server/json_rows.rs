//! Turns rows into JSON for `OPENJSON`.

use std::collections::HashSet;

use serde_json::Value;

use crate::domain::issue::Issue;

/// Rows per statement: few round trips, and far fewer locks than the 5,000 at which the server locks the whole table
/// (docs/reference/sql-server.md#lock-escalation).
const ROWS: usize = 1_000;

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

/// Each issue once, in order; of several that differ only in the holder the first one.
pub(super) fn distinct(issues: &[Issue]) -> impl Iterator<Item = &Issue> {
    let mut seen = HashSet::with_capacity(issues.len());
    issues
        .iter()
        .filter(move |issue| seen.insert((issue.user_guid, issue.field, issue.code)))
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
