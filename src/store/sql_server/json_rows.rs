//! Turns rows into JSON for `OPENJSON`.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;
use tiberius::ToSql;

use crate::domain::issue::Issue;

/// Rows per statement: few round trips, and far fewer locks than the 5,000 at which the server locks the whole table
/// (docs/reference/sql-server.md#lock-escalation).
const ROWS: usize = 1_000;

/// Reads the list, and looks each of its rows up in the table. Without it a plan that was made for a small pool reads the whole pool of
/// whoever comes next. Which index it seeks in is up to `FORCESEEK` (docs/reference/sql-server.md#query-plans).
pub(super) const ROW_BY_ROW: &str = "OPTION (LOOP JOIN, FORCE ORDER)";

/// The rows of one statement, a JSON array of objects. ASCII is sent as bytes, because a text takes two for each character.
#[derive(Debug)]
pub(super) enum Chunk {
    Ascii(Vec<u8>),
    Text(String),
}

impl Chunk {
    fn new(json: String) -> Self {
        if json.is_ascii() {
            Self::Ascii(json.into_bytes())
        } else {
            Self::Text(json)
        }
    }

    /// The parameter `@P2` of [`Self::sql`].
    pub(super) fn value(&self) -> &dyn ToSql {
        match self {
            Self::Ascii(bytes) => bytes,
            Self::Text(text) => text,
        }
    }

    /// A statement that reads its rows from `OPENJSON(@P2)`, in the form that fits [`Self::value`].
    pub(super) fn sql<'s>(&self, sql: &'s str) -> Cow<'s, str> {
        match self {
            Self::Ascii(_) => Cow::Owned(sql.replace(
                "OPENJSON(@P2)",
                "OPENJSON(CONVERT(NVARCHAR(MAX), CONVERT(VARCHAR(MAX), @P2)))",
            )),
            Self::Text(_) => Cow::Borrowed(sql),
        }
    }
}

/// The rows in portions for one statement each. Members that are `null` are left out, because a missing one is NULL too.
pub(super) fn chunks(rows: impl Iterator<Item = Value>) -> Vec<Chunk> {
    let rows: Vec<Value> = rows.map(without_nulls).collect();
    let arrays = rows.chunks(ROWS).map(|rows| Value::from(rows.to_vec()).to_string());
    arrays.map(Chunk::new).collect()
}

/// As [`chunks`]; each object also gets its position `n` in its array, from 1.
pub(super) fn numbered_chunks(rows: impl Iterator<Item = Value>) -> Vec<Chunk> {
    let rows: Vec<Value> = rows.map(without_nulls).collect();
    rows.chunks(ROWS).map(numbered).map(Chunk::new).collect()
}

fn without_nulls(mut row: Value) -> Value {
    if let Some(members) = row.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    row
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
        let chunks: Vec<Value> = numbered_chunks(rows)
            .iter()
            .map(|chunk| match chunk {
                Chunk::Ascii(bytes) => serde_json::from_slice(bytes).unwrap(),
                Chunk::Text(text) => serde_json::from_str(text).unwrap(),
            })
            .collect();
        assert_eq!(chunks.len(), 2);
        assert_eq!(chunks[0].as_array().unwrap().len(), ROWS);
        let second = json!([{ "row": ROWS, "n": 1 }, { "row": ROWS + 1, "n": 2 }]);
        assert_eq!(chunks[1], second);
    }

    #[test]
    fn ascii_takes_a_byte_for_each_character_and_other_texts_stay_texts() {
        let sql = "SELECT a.A FROM OPENJSON(@P2) WITH (A NVARCHAR(9) '$.a') AS a";
        let ascii = chunks(std::iter::once(json!({ "a": "x", "b": null })));
        assert!(
            matches!(&ascii[0], Chunk::Ascii(bytes) if bytes == br#"[{"a":"x"}]"#),
            "{ascii:?}"
        );
        assert!(
            ascii[0]
                .sql(sql)
                .contains("OPENJSON(CONVERT(NVARCHAR(MAX), CONVERT(VARCHAR(MAX), @P2)))")
        );
        let other = chunks(std::iter::once(json!({ "a": "ö" })));
        assert!(
            matches!(&other[0], Chunk::Text(text) if text == r#"[{"a":"ö"}]"#),
            "{other:?}"
        );
        assert_eq!(other[0].sql(sql), sql);
    }

    #[test]
    fn no_rows_are_no_chunk() {
        assert!(chunks(std::iter::empty()).is_empty());
    }
}
