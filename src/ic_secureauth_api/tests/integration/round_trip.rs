//! An update sends back every member that was read.

use ic_secureauth_api::Organization;
use serde_json::{Value, json as object};

use crate::support::{Server, json, organization_id, samples};

#[tokio::test]
async fn an_organization_with_three_invented_members_changes_in_deactivated_only() {
    let mut stored = samples::organization();
    stored["invented_text"] = object!("kept");
    stored["invented_object"] = object!({ "nested": [1, 2.50, null, { "deep": true }] });
    stored["invented_null"] = Value::Null;
    let server = Server::scripted([json(200, &stored)]).await;
    let api = server.api();

    let read = api.organization(&organization_id("1876")).await.unwrap().unwrap();
    api.update_organization(&read.map(|organization| organization.with_deactivated(false)))
        .await
        .unwrap();

    let written: Value = server.requests().await[1].body_json().unwrap();
    let mut expected = stored;
    expected["deactivated"] = object!(false);
    let response_only = [
        "issuer_url",
        "subject_format",
        "subject_identifier_algorithm_salt",
        "theme_id",
        "number_of_child_organizations",
    ];
    for member in response_only {
        assert!(expected.as_object_mut().unwrap().remove(member).is_some());
    }
    assert_eq!(written, expected);
}

#[tokio::test]
async fn an_organization_with_invented_members_is_renamed_and_changes_in_nothing_else() {
    let mut stored = samples::organization();
    stored["invented"] = object!({ "nested": [1, 2.50, null] });
    let server = Server::scripted([json(200, &stored)]).await;
    let api = server.api();
    let read = api.organization(&organization_id("1876")).await.unwrap().unwrap();
    let renamed = read.clone().map(|organization| organization.with_name("Smith & Sons"));
    api.update_organization(&read).await.unwrap();
    api.update_organization(&renamed).await.unwrap();
    let sent = server.requests().await;
    let (mut before, after): (Value, Value) = (sent[1].body_json().unwrap(), sent[2].body_json().unwrap());
    assert_ne!(before, after);
    before["name"] = "Smith & Sons".into();
    assert_eq!(before, after);
}

#[tokio::test]
async fn members_of_other_resources_that_are_not_known_are_ignored() {
    let mut pool = samples::pool();
    pool["invented"] = object!({ "a": 1 });
    let server = Server::scripted([json(200, &pool)]).await;
    assert!(server.api().pool(&samples::pool_of_samples()).await.unwrap().is_some());
}

#[test]
fn changing_deactivated_twice_gives_the_same_organization() {
    let read: Organization = serde_json::from_str(&samples::organization().to_string()).unwrap();
    assert_eq!(read.clone().with_deactivated(false).with_deactivated(true), read);
    assert_ne!(read.clone().with_deactivated(false), read);
}
