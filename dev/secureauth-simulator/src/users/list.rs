//! `GET /users` (rows 15, 78 and 79). No etag: the list is eventually consistent.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::model::{JsonText, User, expand};
use super::view::{ExtendedUser, Place};
use crate::app::App;
use crate::errors::ApiError;
use crate::pools::find_live;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::page::Page;
use crate::state::record_id::RecordId;

/// The parameter `query`; every member given must match.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    /// Prefix or suffix of an identifier or verified address, or a whole id.
    user_key: Option<String>,
    /// Members the payload must have.
    payload: Option<Map<String, Value>>,
    /// Members the metadata must have.
    metadata: Option<Map<String, Value>>,
}

/// The answer.
#[derive(Serialize)]
struct Rows<'a> {
    users: Vec<ExtendedUser<'a>>,
}

pub(super) fn list(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let page = Page::<RecordId>::of(call, "after_user_id", "before_user_id")?;
    let query: Query = match call.query("query") {
        Some(text) => {
            serde_json::from_str(text).map_err(|_| ApiError::bad_request("query is not the JSON it should be"))?
        }
        None => Query::default(),
    };
    let state = app.state();
    let pool = find_live(&state, call)?;
    let place = Place {
        tenant: &state.tenant,
        pool_id: pool.id(),
    };
    let rows: Vec<_> = pool
        .users
        .page(call.now, &page, |user| query.matches(user))
        .into_iter()
        .map(|user| ExtendedUser::new(place, user))
        .collect();
    Ok(Reply::json(200, &Rows { users: rows }))
}

impl Query {
    fn matches(&self, user: &User) -> bool {
        self.user_key.as_deref().is_none_or(|key| has_key(user, key))
            && contains(user.payload.as_ref(), self.payload.as_ref())
            && contains(user.metadata.as_ref(), self.metadata.as_ref())
    }
}

fn has_key(user: &User, key: &str) -> bool {
    let identifiers = user.identifiers.iter().map(|identifier| &*identifier.value);
    let verified = user.addresses.iter().filter(|address| address.verified);
    let mut keys = identifiers.chain(verified.map(|address| &*address.value));
    user.id.to_string() == key || keys.any(|it| it.starts_with(key) || it.ends_with(key))
}

fn contains(kept: Option<&JsonText>, wanted: Option<&Map<String, Value>>) -> bool {
    let Some(wanted) = wanted else { return true };
    let kept = expand(kept);
    wanted.iter().all(|(member, value)| kept.get(member) == Some(value))
}
