//! Encodes single values in `Data` and `Metadata` (S17; docs/reference/functions-host.md#encoding).

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::json::{Members, Node, text_of};

const WHOLE_SECONDS: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+00:00");
const TICKS: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]");

/// A .NET string: a JSON string that holds the JSON literal of the text.
pub(crate) fn double_encoded(text: &str) -> Node {
    Node::from(Value::from(text).to_string())
}

/// A date in a whole second, encoded once.
pub(crate) fn date(moment: OffsetDateTime) -> Node {
    let utc = moment.to_offset(time::UtcOffset::UTC);
    Node::from(utc.format(WHOLE_SECONDS).unwrap_or_default())
}

/// A UTC time to the .NET tick without trailing zeros: `2024-05-14T15:14:15.128919Z`.
pub(crate) fn tick_time(moment: OffsetDateTime) -> String {
    let utc = moment.to_offset(time::UtcOffset::UTC);
    let text = utc.format(TICKS).unwrap_or_default();
    format!("{}Z", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Adds the top-level members of a JSON object to the metadata, in place of members of the same name (S18): scalars as
/// text, objects nested, arrays and nulls left out. A text that looks like a date is written anew. Any other content
/// adds nothing.
pub(crate) fn add_payload_members(metadata: &mut Members, content: &[u8]) {
    let Ok(Node::Object(payload)) = serde_json::from_slice(content) else {
        return;
    };
    for (name, node) in payload {
        let node = match node {
            Node::Null | Node::List(_) => continue,
            Node::Object(_) => node.with_dates(),
            scalar => double_encoded(&text_of(&scalar)),
        };
        metadata.set_ignoring_case(&name, node);
    }
}
