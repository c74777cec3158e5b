//! Answers reads with another resource of the same kind, as a cache or a gateway that mixes up requests would. The request is changed
//! before its handler runs, so the answer is well-formed.

use axum::body::Bytes;
use serde_json::json;

use crate::pools::Pool;
use crate::server::call::Call;
use crate::state::State;
use crate::users::User;

/// The operations that read a resource that the request names.
const READS: [&str; 12] = [
    "export_configuration",
    "get_organization",
    "get_pool",
    "get_schema",
    "get_tenant",
    "get_user",
    "get_user_by_key",
    "list_audit_events",
    "list_organizations",
    "list_pool_idps",
    "list_users",
    "list_workspace_pools",
];

/// Whether an operation reads a resource that the request names.
pub(super) fn is_read_of_one(operation: &str) -> bool {
    READS.contains(&operation)
}

/// Changes the call so that it names another resource. Without another one the call stays as it is.
pub(crate) fn redirect(state: &State, operation: &str, call: &mut Call) {
    match operation {
        "get_organization" | "list_audit_events" => {
            let other = next(call.param("wid"), state.organizations.all().keys());
            set(&mut call.path, "wid", other);
        }
        "export_configuration" => {
            let asked = call.query("workspace_id").unwrap_or_default();
            let other = next(asked, state.organizations.all().keys());
            set(&mut call.query, "workspace_id", other);
        }
        "list_organizations" => {
            let asked = call.query("search_phrase").unwrap_or_default();
            let other = next(asked, state.organizations.all().keys());
            set(&mut call.query, "search_phrase", other);
        }
        "list_workspace_pools" => {
            let mut with_pools: Vec<&str> = state
                .pools
                .all()
                .values()
                .map(|pool| pool.text("workspace_id"))
                .collect();
            with_pools.sort_unstable();
            let other = next(call.param("wid"), with_pools.into_iter().filter(|id| !id.is_empty()));
            set(&mut call.path, "wid", other);
        }
        "get_pool" | "list_pool_idps" => {
            let other = next(call.param("ipID"), state.pools.all().keys());
            set(&mut call.path, "ipID", other);
        }
        "list_users" => {
            let with_users = pools_with_users(state).map(Pool::id);
            let other = next(call.param("ipID"), with_users);
            set(&mut call.path, "ipID", other);
        }
        "get_user" => {
            if let Some((pool, user)) = another_user(state, call, |user| user.id.to_string() == call.param("userID")) {
                set(&mut call.path, "ipID", Some(pool));
                set(&mut call.path, "userID", Some(user.id.to_string()));
            }
        }
        "get_user_by_key" => by_another_key(state, call),
        "get_schema" => {
            let other = next(call.param("schID"), state.schemas.all().map(|schema| &*schema.id));
            set(&mut call.path, "schID", other);
        }
        "get_tenant" => {
            let other = next(call.param("tenant"), state.tenants.ids());
            set(&mut call.path, "tenant", other);
        }
        _ => {}
    }
}

fn by_another_key(state: &State, call: &mut Call) {
    let asked: serde_json::Map<String, serde_json::Value> = call.json().unwrap_or_default();
    let key = ["identifier", "address"]
        .into_iter()
        .find_map(|member| asked.get(member)?.as_str());
    let key = key.unwrap_or_default().to_lowercase();
    let has_key = |user: &User| {
        let identifiers = user.identifiers.iter().map(|it| &it.value);
        let mut keys = identifiers.chain(user.addresses.iter().map(|it| &it.value));
        keys.any(|value| value.to_lowercase() == key) || user.identifiers.is_empty()
    };
    let Some((pool, user)) = another_user(state, call, has_key) else {
        return;
    };
    let identifier = user.identifiers.first().map(|identifier| identifier.value.to_string());
    set(&mut call.path, "ipID", Some(pool));
    call.body = Bytes::from(json!({ "identifier": identifier }).to_string());
}

/// Another user of the same pool, or else one of another pool, with the pool's id.
fn another_user<'a>(state: &'a State, call: &Call, is_asked: impl Fn(&User) -> bool) -> Option<(String, &'a User)> {
    let asked = call.param("ipID");
    let same = pools_with_users(state).filter(|pool| pool.id() == asked);
    let others = pools_with_users(state).filter(|pool| pool.id() != asked);
    same.chain(others).find_map(|pool| {
        let user = pool.users.all().values().find(|user| !is_asked(user))?;
        Some((pool.id().to_owned(), user))
    })
}

fn pools_with_users(state: &State) -> impl Iterator<Item = &Pool> {
    let pools = state.pools.all().values();
    pools.filter(|pool| !pool.is_deleted() && !pool.users.all().is_empty())
}

/// The next id in order, or else the first other one.
fn next<T: AsRef<str>>(asked: &str, ids: impl Iterator<Item = T>) -> Option<String> {
    let mut first = None;
    for id in ids.filter(|id| id.as_ref() != asked) {
        if id.as_ref() > asked {
            return Some(id.as_ref().to_owned());
        }
        first.get_or_insert_with(|| id.as_ref().to_owned());
    }
    first
}

/// Sets a parameter of the path or the query.
fn set(parameters: &mut Vec<(String, String)>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        parameters.retain(|(key, _)| key != name);
        parameters.push((name.to_owned(), value));
    }
}
