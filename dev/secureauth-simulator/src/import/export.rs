//! `GET /api/identity/{tid}/configuration`: the whole tenant with credential hashes (row 82). The
//! handler must never call it. It exists so that the call log can show that.

use serde::Serialize;
use serde_json::Value;

use crate::app::App;
use crate::errors::ApiError;
use crate::pools::Pool;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::users::view::{AddressRecord, CredentialRecord, IdentifierRecord, Place, UserRecord};

/// `TenantDump` as it is exported.
#[derive(Default, Serialize)]
struct Dump<'a> {
    users: Vec<UserRecord<'a>>,
    user_identifiers: Vec<IdentifierRecord<'a>>,
    user_verifiable_addresses: Vec<AddressRecord<'a>>,
    user_credentials: Vec<CredentialRecord<'a>>,
    pools: Vec<Value>,
    schemas: Vec<Value>,
    groups: Vec<&'a Value>,
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of every operation")]
pub(super) fn export(app: &App, _: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let mut dump = Dump {
        pools: state.pools.all().values().map(Pool::settings).collect(),
        schemas: state.schemas.all().map(|it| it.response(&state.tenant)).collect(),
        groups: state.groups.values().collect(),
        ..Dump::default()
    };
    for pool in state.pools.all().values() {
        let place = Place {
            tenant: &state.tenant,
            pool_id: pool.id(),
        };
        for user in pool.users.all().values() {
            dump.users.push(UserRecord::new(place, user));
            let identifiers = user.identifiers.iter();
            dump.user_identifiers
                .extend(identifiers.map(|it| IdentifierRecord::new(place, user, it)));
            let addresses = user.addresses.iter();
            dump.user_verifiable_addresses
                .extend(addresses.map(|it| AddressRecord::new(place, user, it)));
            let credentials = user.credentials.iter();
            dump.user_credentials
                .extend(credentials.map(|it| CredentialRecord::new(place, user, it)));
        }
    }
    Ok(Reply::json(200, &dump))
}
