//! Seeds: resources that tests and people put into the tenant without token, limits, faults and call
//! log. The checks are those of the API with all switches at their defaults, except that unknown members
//! are refused, so that a misspelt one is noticed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::operation::Handler;
use crate::server::reply::Reply;
use crate::switches::choices::UnknownFields;
use crate::switches::{Switch, Switches};

/// Users generated per import.
const BATCH: u64 = 100;

/// Resources to create, in the order of the members.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// Ids of regular workspaces.
    pub workspaces: Vec<String>,
    /// Bodies of `POST /system/schemas`.
    pub schemas: Vec<Map<String, Value>>,
    /// Bodies of `POST /organizations`.
    pub organizations: Vec<Map<String, Value>>,
    /// Bodies of `POST /system/pools`; `with_idp` (default true) and `tenant_id` are added.
    pub pools: Vec<Map<String, Value>>,
    /// Bodies of `POST /users` with `user_pool_id`; `"jit": true` makes a just-in-time user.
    pub users: Vec<Map<String, Value>>,
    /// Generated users.
    pub generate: Vec<GeneratedUsers>,
}

/// `count` active users named `{prefix}1`, `{prefix}2` … with an unverified e-mail address each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratedUsers {
    /// Id of their pool.
    pub user_pool_id: String,
    /// Number of users.
    pub count: u64,
    /// Start of the user names.
    #[serde(default = "default_prefix")]
    pub prefix: String,
}

fn default_prefix() -> String {
    "user".to_owned()
}

/// A part of a seed was refused. The parts before it were created.
#[derive(Debug, thiserror::Error)]
#[error("{item} refused with {status}: {message}")]
pub struct SeedError {
    /// The refused part of the seed.
    pub item: String,
    /// Status of the API for it.
    pub status: u16,
    /// Message of the API for it.
    pub message: String,
}

impl Seed {
    /// Adds an organization; the body of `POST /organizations`.
    #[must_use]
    pub fn organization(mut self, body: &Value) -> Self {
        self.organizations.extend(body.as_object().cloned());
        self
    }

    /// Adds a pool; the body of `POST /system/pools`.
    #[must_use]
    pub fn pool(mut self, body: &Value) -> Self {
        self.pools.extend(body.as_object().cloned());
        self
    }

    /// Adds a user; the body of `POST /users` with `user_pool_id`.
    #[must_use]
    pub fn user(mut self, body: &Value) -> Self {
        self.users.extend(body.as_object().cloned());
        self
    }

    /// Adds generated users.
    #[must_use]
    pub fn generated_users(mut self, user_pool_id: &str, count: u64) -> Self {
        self.generate.push(GeneratedUsers {
            user_pool_id: user_pool_id.to_owned(),
            count,
            prefix: default_prefix(),
        });
        self
    }
}

/// Creates the resources of a seed.
pub(crate) fn plant(app: &App, seed: Seed) -> Result<(), SeedError> {
    for id in seed.workspaces {
        app.state().workspaces.insert(id.clone(), id);
    }
    for body in seed.schemas {
        run(app, "schema", crate::schemas::create, body, |_| {})?;
    }
    for body in seed.organizations {
        run(app, "organization", crate::organizations::create, body, |_| {})?;
    }
    for mut body in seed.pools {
        let with_idp = body.remove("with_idp").unwrap_or(Value::Bool(true)).to_string();
        body.entry("tenant_id").or_insert_with(|| app.tenant.clone().into());
        run(app, "pool", crate::pools::create, body, |call| {
            call.query.push(("with_idp".to_owned(), with_idp));
        })?;
    }
    for mut body in seed.users {
        let pool = body.remove("user_pool_id").unwrap_or_default();
        let jit = body.remove("jit") == Some(Value::Bool(true));
        run(app, "user", crate::users::create, body, |call| {
            call.jit = jit;
            call.path
                .push(("ipID".to_owned(), pool.as_str().unwrap_or_default().to_owned()));
        })?;
    }
    for users in seed.generate {
        generate(app, &users)?;
    }
    Ok(())
}

fn run(
    app: &App,
    item: &str,
    handler: Handler,
    body: Map<String, Value>,
    prepare: impl FnOnce(&mut Call),
) -> Result<Reply, SeedError> {
    let id = body.get("id").map(|id| format!(" {id}")).unwrap_or_default();
    let mut call = Call::internal(app, &Value::Object(body));
    call.switches = Arc::new(Switches {
        unknown_fields: Switch::new(UnknownFields::Refused),
        ..Switches::default()
    });
    prepare(&mut call);
    handler(app, &call).map_err(|ApiError { status, message, .. }| SeedError {
        item: format!("{item}{id}"),
        status,
        message,
    })
}

fn generate(app: &App, wanted: &GeneratedUsers) -> Result<(), SeedError> {
    let mut next = 1;
    while next <= wanted.count {
        let last = wanted.count.min(next + BATCH - 1);
        let body = batch(app, wanted, next..=last);
        run(app, "generated users", crate::import::import, body, |call| {
            // Generated users have no misspelt member, and a check would read all of them twice.
            call.switches = Arc::default();
        })?;
        next = last + 1;
    }
    Ok(())
}

/// The body of an import of these users.
fn batch(app: &App, wanted: &GeneratedUsers, numbers: std::ops::RangeInclusive<u64>) -> Map<String, Value> {
    let now = crate::users::view::timestamp(app.now());
    let mut random = app.random();
    let (mut users, mut identifiers, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
    for number in numbers {
        let (id, name) = (random.uuid().to_string(), format!("{}{number}", wanted.prefix));
        let email = format!("{name}@example.com");
        let mut record = |members: Value| {
            let mut record = json!({
                "id": random.uuid().to_string(),
                "tenant_id": app.tenant,
                "user_pool_id": wanted.user_pool_id,
                "user_id": id,
                "created_at": now,
                "updated_at": now,
            });
            if let (Some(record), Value::Object(members)) = (record.as_object_mut(), members) {
                record.extend(members);
            }
            record
        };
        identifiers.push(record(json!({
            "identifier": name, "identifier_lc": name.to_lowercase(), "type": "uid",
        })));
        addresses.push(record(json!({
            "address": email, "address_lc": email.to_lowercase(), "type": "email",
            "status": "active", "verified": false,
        })));
        users.push(record(json!({ "id": id, "status": "active" })));
    }
    Map::from_iter([
        ("users".to_owned(), users.into()),
        ("user_identifiers".to_owned(), identifiers.into()),
        ("user_verifiable_addresses".to_owned(), addresses.into()),
    ])
}
