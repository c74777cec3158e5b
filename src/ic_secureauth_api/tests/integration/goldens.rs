//! Every public call has a golden file and every golden file a call. A golden file that differs fails its test.

use std::{collections::BTreeSet, fs, panic::catch_unwind, path::Path};

use serde_json::{Value, json as object};

use crate::support::compare_in;

/// The public calls of both clients with their golden files.
const CALLS: [(&str, &[&str]); 38] = [
    ("add_address", &["add_address"]),
    ("add_identifier", &["add_identifier"]),
    ("application_count", &["list_applications"]),
    ("audit_events", &["list_audit_events"]),
    ("child_count", &["child_count"]),
    ("create", &["create_tenant"]),
    ("create_organization", &["create_organization"]),
    ("create_pool", &["create_pool"]),
    ("delete_organization", &["delete_organization"]),
    ("delete_pool", &["delete_pool"]),
    ("delete_user", &["delete_user"]),
    ("find_user_by_address", &["find_user_by_address"]),
    ("find_user_by_identifier", &["find_user_by_identifier"]),
    ("get", &["get_tenant"]),
    ("granted_scopes", &["token_basic", "token_post"]),
    ("grants_scope", &["token_basic", "token_post"]),
    ("identity_provider", &["pool_idps", "workspace_idps"]),
    ("import", &["import"]),
    ("import_once", &["import_once"]),
    ("is_granted", &["token_basic", "token_post"]),
    ("list", &["list_tenants"]),
    ("list_organizations", &["list_organizations"]),
    ("organization", &["get_organization"]),
    ("organization_fresh", &["get_organization_fresh"]),
    ("patch_user", &["patch_user"]),
    ("pool", &["get_pool"]),
    ("pools_of", &["list_pools"]),
    ("remove_address", &["remove_address"]),
    ("remove_identifier", &["remove_identifier"]),
    ("revoke_tokens", &["revoke_tokens"]),
    ("schema", &["get_schema"]),
    ("update", &["update_tenant"]),
    ("update_address", &["update_address"]),
    ("update_organization", &["rename_organization", "update_organization"]),
    ("update_user", &["update_user"]),
    ("user", &["get_user"]),
    ("users_page", &["list_users"]),
    ("workspace", &["list_workspaces"]),
];

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of the public calls in all files below a directory.
fn calls(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(calls(&path));
            continue;
        }
        let source = fs::read_to_string(path).unwrap();
        let names = source.split("    pub async fn ").skip(1);
        found.extend(names.map(|rest| rest.split('(').next().unwrap().to_owned()));
    }
    found
}

#[test]
fn every_call_has_its_golden_file_and_every_golden_file_its_call() {
    let listed: BTreeSet<String> = CALLS.iter().map(|(call, _)| (*call).to_owned()).collect();
    assert_eq!(calls(&package().join("src")), listed);
    let goldens: BTreeSet<String> = fs::read_dir(package().join("tests/integration/golden"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".snap").map(str::to_owned))
        .collect();
    let expected = CALLS.iter().flat_map(|(_, files)| *files);
    assert_eq!(goldens, expected.map(ToString::to_string).collect());
}

#[test]
fn a_golden_file_that_differs_is_a_failure() {
    let directory = tempfile::tempdir().unwrap();
    let golden = package().join("tests/integration/golden/delete_user.snap");
    fs::copy(golden, directory.path().join("delete_user.snap")).unwrap();
    let unchanged = fs::read_to_string(directory.path().join("delete_user.snap")).unwrap();
    let document: Value = serde_json::from_str(unchanged.rsplit("---\n").next().unwrap()).unwrap();
    compare_in(directory.path(), "delete_user", &document);
    let mut changed = document;
    changed["request"]["method"] = object!("POST");
    let changed = catch_unwind(|| compare_in(directory.path(), "delete_user", &changed));
    assert!(changed.is_err());
}
