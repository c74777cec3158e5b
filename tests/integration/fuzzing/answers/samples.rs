//! The calls of the client, each with a good answer.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use super::super::reply::Reply;

pub(super) const TENANT: &str = "dev-invoicecloud";
pub(super) const ORGANIZATION: &str = "1876";
pub(super) const POOL: &str = "4a943cc8bb7d48b4b1d3b20cf650895d";
pub(super) const USER: Uuid = uuid!("7ef9451f-309a-4433-a2b9-3bb023051d96");
pub(super) const NAME: &str = "rsable";
pub(super) const ADDRESS: &str = "rsable@invoicecloud.com";
/// Calls that are made of other ones in the list, or that ask for a token only.
const COVERED: [&str; 5] = [
    "organization_fresh",
    "import_once",
    "granted_scopes",
    "grants_scope",
    "is_granted",
];
/// The handler does not use this client.
const ANOTHER_CLIENT: &str = "tenant_management";

pub(super) struct Sample {
    pub(super) call: &'static str,
    pub(super) good: Reply,
}

pub(super) fn samples() -> Vec<Sample> {
    let organization = parsed(include_str!(
        "../../../../src/ic_secureauth_api/tests/integration/samples/organization.json"
    ));
    let pool = parsed(include_str!(
        "../../../../src/ic_secureauth_api/tests/integration/samples/pool.json"
    ));
    let user = parsed(include_str!(
        "../../../../src/ic_secureauth_api/tests/integration/samples/user.json"
    ));
    let listed = json!({
        "id": USER, "tenant_id": TENANT, "status": "new", "payload": { "user_name": NAME }, "identifiers": [NAME],
        "addresses": [{ "address": ADDRESS, "verified": true }],
    });
    let definition = json!({ "type": "object", "properties": { "user_name": { "type": "string" } } });
    let application = json!({ "tenant_id": TENANT, "authorization_server_id": ORGANIZATION, "system": false });
    let of_user = |entry: &Value| {
        let mut entry = entry.clone();
        entry["tenant_id"] = json!(TENANT);
        entry["user_pool_id"] = json!(POOL);
        entry["user_id"] = json!(USER);
        entry
    };
    let (identifier, address) = (
        of_user(&user["identifiers"][0]),
        of_user(&user["verifiable_addresses"][0]),
    );
    let mut created_pool = pool.clone();
    created_pool["metadata"] = organization["metadata"]["payload"].clone();
    let with_a_body = [
        ("organization", organization.clone()),
        ("update_organization", organization.clone()),
        ("list_organizations", json!({ "organizations": [organization.clone()] })),
        ("child_count", json!({ "organizations": [organization.clone()] })),
        ("create_organization", organization),
        ("pool", pool.clone()),
        ("pools_of", json!({ "pools": [pool] })),
        ("create_pool", created_pool),
        ("user", user.clone()),
        ("users_page", json!({ "users": [listed] })),
        ("find_user_by_identifier", user.clone()),
        ("find_user_by_address", user.clone()),
        ("update_user", user.clone()),
        ("patch_user", user),
        ("add_identifier", identifier),
        ("add_address", address.clone()),
        ("update_address", address),
        (
            "identity_provider",
            json!({ "idps": [{ "id": "other" }, { "id": "idp", "identity_pool_id": POOL }], "clients": [] }),
        ),
        (
            "schema",
            json!({ "id": "s", "tenant_id": TENANT, "name": "Users", "schema": definition, "system": false }),
        ),
        (
            "audit_events",
            json!({ "audit_events": [{ "event_id": "1", "metadata": {}, "payload": {} }] }),
        ),
        (
            "workspace",
            json!({ "servers": [{ "id": ORGANIZATION, "type": "organization", "tenant_id": TENANT }] }),
        ),
        ("application_count", json!({ "clients": [application] })),
    ];
    let without_a_body = [
        "import",
        "revoke_tokens",
        "delete_user",
        "remove_identifier",
        "remove_address",
        "delete_pool",
        "delete_organization",
    ];
    let with_a_body = with_a_body.into_iter().map(|(call, body)| (call, 200, body));
    let without_a_body = without_a_body.into_iter().map(|call| (call, 204, json!({})));
    let samples: Vec<_> = with_a_body
        .chain(without_a_body)
        .map(|(call, status, body)| Sample {
            call,
            good: Reply::good(status, &body),
        })
        .collect();
    let in_the_list: BTreeSet<_> = samples.iter().map(|sample| sample.call.to_owned()).collect();
    let mut called = BTreeSet::new();
    add_calls(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ic_secureauth_api/src"),
        &mut called,
    );
    called.retain(|call| !COVERED.contains(&call.as_str()));
    assert_eq!(in_the_list, called, "every call of the client needs a sample");
    samples
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Adds the names of the public calls in the files below a folder.
fn add_calls(folder: &Path, called: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with(ANOTHER_CLIENT) {
            continue;
        }
        if path.is_dir() {
            add_calls(&path, called);
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        let names = source.split("    pub async fn ").skip(1);
        called.extend(names.filter_map(|rest| Some(rest.split_once('(')?.0.to_owned())));
    }
}
