//! `PUT` and `PATCH /users/{userID}`: both change the members of `UpdateUser` (row 96;
//! docs/reference/secureauth-api.md#users-change).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::change::{Part, change};
use super::conflicts::rule_error;
use super::json_patch::{self, Operation};
use super::model::{JsonText, User, UserStatus, compact, expand};
use super::rules::check_schemas;
use super::view::UserWithData;
use super::writes::Change;
use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::State;
use crate::switches::choices::PatchForeignMember;

const MEMBERS: [&str; 8] = [
    "status",
    "payload",
    "metadata",
    "business_metadata",
    "payload_schema_id",
    "metadata_schema_id",
    "business_metadata_schema_id",
    "preferences",
];

/// `UpdateUser`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UpdateUser {
    status: Option<String>,
    payload: Option<Map<String, Value>>,
    metadata: Option<Map<String, Value>>,
    business_metadata: Option<Map<String, Value>>,
    payload_schema_id: Option<String>,
    metadata_schema_id: Option<String>,
    business_metadata_schema_id: Option<String>,
    preferences: Option<Map<String, Value>>,
}

/// Replaces the members that are given and keeps the others.
pub(super) fn update(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let _: UpdateUser = call.json_of(&MEMBERS)?;
    let given: Map<String, Value> = call.json()?;
    edit(app, call, |document| {
        let given = given.into_iter().filter(|(_, value)| !value.is_null());
        document.extend(given.filter(|(member, _)| is_own(member)));
        Ok(())
    })
}

/// A merge patch (RFC 7396) or, with `rfc_version=6902`, a JSON patch.
pub(super) fn patch(app: &App, call: &Call) -> Result<Reply, ApiError> {
    match call.query("rfc_version").unwrap_or("7396") {
        "7396" => {
            let mut patch: Map<String, Value> = call.json()?;
            check_foreign(call, !patch.keys().all(|member| is_own(member)))?;
            patch.retain(|member, _| is_own(member));
            edit(app, call, |document| {
                json_patch::merge(document, patch);
                Ok(())
            })
        }
        "6902" => {
            let mut patch: Vec<Operation> = call.json()?;
            let is_about_own = |operation: &Operation| operation.members().all(is_own);
            check_foreign(call, !patch.iter().all(is_about_own))?;
            patch.retain(is_about_own);
            edit(app, call, |document| json_patch::apply(document, patch))
        }
        _ => Err(ApiError::bad_request("rfc_version takes 7396 and 6902")),
    }
}

/// A member that PUT and PATCH change.
fn is_own(member: &str) -> bool {
    MEMBERS.contains(&member)
}

/// Row 96: what is about other members is left out, or refused.
fn check_foreign(call: &Call, is_foreign: bool) -> Result<(), ApiError> {
    if is_foreign && *call.switches.patch_foreign_member == PatchForeignMember::Refused {
        return Err(ApiError::unprocessable("A member that PATCH does not change"));
    }
    Ok(())
}

/// Edits the members as one JSON object and checks what comes out.
fn edit(
    app: &App,
    call: &Call,
    edit: impl FnOnce(&mut Map<String, Value>) -> Result<(), ApiError>,
) -> Result<Reply, ApiError> {
    change(
        app,
        call,
        Part::Members,
        |state, user| {
            let mut document = document(user);
            edit(&mut document)?;
            plan(state, call, user, document).map(Some)
        },
        |place, user| Reply::json(200, &UserWithData::new(place, user)),
    )
}

/// The members that the user has.
fn document(user: &User) -> Map<String, Value> {
    let mut members = Map::from_iter([
        ("status".to_owned(), json!(<&str>::from(user.status))),
        ("payload_schema_id".to_owned(), json!(*user.payload_schema_id)),
        ("metadata_schema_id".to_owned(), json!(*user.metadata_schema_id)),
        (
            "business_metadata_schema_id".to_owned(),
            json!(*user.business_metadata_schema_id),
        ),
    ]);
    let objects = [
        ("payload", &user.payload),
        ("metadata", &user.metadata),
        ("business_metadata", &user.business_metadata),
        ("preferences", &user.preferences),
    ];
    let present = objects.into_iter().filter(|(_, text)| text.is_some());
    members.extend(present.map(|(member, text)| (member.to_owned(), expand(text.as_ref()))));
    members
}

/// Checks the edited members. The change sets those that differ.
fn plan(state: &State, call: &Call, user: &User, document: Map<String, Value>) -> Result<Change, ApiError> {
    let wrong_type = |_| ApiError::refusal(*call.switches.invalid_value, "A member of the body has the wrong type");
    let edited: UpdateUser = serde_json::from_value(Value::Object(document)).map_err(wrong_type)?;
    let status = edited.status.as_deref();
    let status: UserStatus = status
        .ok_or_else(|| ApiError::unprocessable("status is required"))?
        .parse()
        .map_err(|_| ApiError::refusal(*call.switches.unknown_enum, "Unknown status"))?;
    let pool = crate::pools::find_live(state, call)?;
    let schemas = check_schemas(
        &state.schemas,
        pool,
        [
            edited.payload_schema_id.as_deref(),
            edited.metadata_schema_id.as_deref(),
            edited.business_metadata_schema_id.as_deref(),
        ],
        [
            edited.payload.as_ref(),
            edited.metadata.as_ref(),
            edited.business_metadata.as_ref(),
        ],
    )
    .map_err(|rule| rule_error(call, rule))?;
    let text = |object: &Option<Map<String, Value>>| object.as_ref().map(compact);
    let payload = differing(&user.payload, text(&edited.payload));
    let metadata = differing(&user.metadata, text(&edited.metadata));
    let business_metadata = differing(&user.business_metadata, text(&edited.business_metadata));
    let preferences = differing(&user.preferences, text(&edited.preferences));
    let status = differing(&user.status, status);
    let payload_schema = differing(&user.payload_schema_id, schemas.payload);
    let metadata_schema = differing(&user.metadata_schema_id, schemas.metadata);
    let business_schema = differing(&user.business_metadata_schema_id, schemas.business_metadata);
    let now = call.now;
    Ok(Box::new(move |user| {
        if let Some(status) = status {
            (user.status, user.status_updated_at) = (status, now);
        }
        set::<Option<JsonText>>(&mut user.payload, payload.as_ref());
        set::<Option<JsonText>>(&mut user.metadata, metadata.as_ref());
        set::<Option<JsonText>>(&mut user.business_metadata, business_metadata.as_ref());
        set::<Option<JsonText>>(&mut user.preferences, preferences.as_ref());
        set::<Arc<str>>(&mut user.payload_schema_id, payload_schema.as_ref());
        set::<Arc<str>>(&mut user.metadata_schema_id, metadata_schema.as_ref());
        set::<Arc<str>>(&mut user.business_metadata_schema_id, business_schema.as_ref());
    }))
}

fn differing<T: PartialEq>(before: &T, after: T) -> Option<T> {
    (*before != after).then_some(after)
}

fn set<T: Clone>(member: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        member.clone_from(value);
    }
}
