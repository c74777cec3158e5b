//! The schemas that exist at start.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::store::Schema;

/// Payload schema of pools that name none (docs/reference/secureauth-api.md#a1).
pub(crate) const PAYLOAD: &str = "default_payload_v2";
/// Metadata schema of pools that name none.
pub(crate) const METADATA: &str = "default_metadata_v2";
/// Business metadata schema of pools that name none.
pub(crate) const BUSINESS_METADATA: &str = "default_business_metadata_v2";
/// Payload schema for the members that the handler imports by default.
pub(crate) const BILLER_PAYLOAD: &str = "5d5ced58793b41178123b2d1cc5fb658";

/// The schemas. The default payload schema has the standard claims only, so it refuses `first_name`. The billers' schema has
/// `first_name`, `last_name` and `user_name` only (docs/reference/secureauth-api.md#schemas).
pub(super) fn all(now: OffsetDateTime) -> impl Iterator<Item = Schema> {
    let free = json!({ "type": "object" });
    let open_id = closed(&["name", "given_name", "family_name", "email", "phone_number", "locale"]);
    let biller = closed(&["first_name", "last_name", "user_name"]);
    [
        (PAYLOAD, "Default payload", open_id, true),
        (METADATA, "Default metadata", free.clone(), true),
        (BUSINESS_METADATA, "Default business metadata", free, true),
        (BILLER_PAYLOAD, "Biller users", biller, false),
    ]
    .into_iter()
    .filter_map(move |(id, name, schema, system)| {
        Some(Schema {
            system,
            ..Schema::new(id, name, schema, now)?
        })
    })
}

/// An object of these text members and no others.
fn closed(members: &[&str]) -> Value {
    let properties: serde_json::Map<String, Value> = members
        .iter()
        .map(|member| ((*member).to_owned(), json!({ "type": "string" })))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}
