//! `GET /api/identity/{tid}/configuration`: the whole tenant with credential hashes (row 82). The
//! onboarding must never call it; it is here so that the call log can show that.

use serde_json::{Value, json};

use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::users::view::{Place, address_record, credential_record, identifier_record, user};

#[expect(clippy::unnecessary_wraps, reason = "the signature of every operation")]
pub(super) fn export(app: &App, _: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let (mut users, mut identifiers) = (Vec::new(), Vec::new());
    let (mut addresses, mut credentials) = (Vec::new(), Vec::new());
    for pool in state.pools.all().values() {
        let place = Place {
            tenant: &state.tenant,
            pool_id: pool.id(),
        };
        for (id, it) in pool.users.all() {
            users.push(Value::Object(user(place, it)));
            identifiers.extend(
                it.identifiers
                    .iter()
                    .map(|sub| identifier_record(place, id, sub)),
            );
            addresses.extend(
                it.addresses
                    .iter()
                    .map(|sub| address_record(place, id, sub)),
            );
            credentials.extend(
                it.credentials
                    .iter()
                    .map(|sub| credential_record(place, id, sub)),
            );
        }
    }
    let pools: Vec<_> = state
        .pools
        .all()
        .values()
        .map(crate::pools::Pool::settings)
        .collect();
    let schemas: Vec<_> = state
        .schemas
        .all()
        .map(|it| it.response(&state.tenant))
        .collect();
    Ok(Reply::json(
        200,
        &json!({
            "users": users,
            "user_identifiers": identifiers,
            "user_verifiable_addresses": addresses,
            "user_credentials": credentials,
            "pools": pools,
            "schemas": schemas,
            "groups": state.groups.values().collect::<Vec<_>>(),
        }),
    ))
}
