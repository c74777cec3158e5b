use ic_secureauth_api::{Class, Deleted, ETag, Organization, OrganizationQuery, Versioned};
use serde_json::{Value, json as object};

use crate::support::{
    Server, absent, compare, golden, json, organization_id, recorded, reply,
    samples::{self, key},
};

fn shown(organization: &Organization) -> Value {
    object!({
        "id": organization.id().as_str(),
        "name": organization.name(),
        "parent_id": organization.parent_id(),
        "deactivated": organization.deactivated(),
        "child_count": organization.child_count(),
        "marker": organization.marker().map(|marker| format!("{marker:?}")),
    })
}

fn versioned(organization: &Versioned<Organization>) -> Value {
    object!({
        "organization": shown(&organization.value),
        "etag": organization.etag.as_ref().and_then(ETag::as_str),
    })
}

#[tokio::test]
async fn an_organization_is_read_by_its_id() {
    let server = Server::scripted([json(200, &samples::organization()).insert_header("etag", "\"v1\"")]).await;
    let found = server
        .api()
        .organization(&organization_id("1876"))
        .await
        .unwrap()
        .unwrap();
    golden("get_organization", &server, versioned(&found)).await;
}

#[tokio::test]
async fn an_absent_organization_is_no_error() {
    let server = Server::scripted([absent()]).await;
    let found = server.api().organization(&organization_id("1876")).await.unwrap();
    assert_eq!(found, None);
}

#[tokio::test]
async fn a_read_after_a_write_asks_for_an_answer_that_is_not_older() {
    let server = Server::scripted([json(200, &samples::organization()).insert_header("etag", "\"v2\"")]).await;
    let written = ETag::parse("\"v2\"");
    let found = server
        .api()
        .organization_fresh(&organization_id("1876"), written.as_ref())
        .await
        .unwrap()
        .unwrap();
    golden("get_organization_fresh", &server, versioned(&found)).await;
}

#[tokio::test]
async fn organizations_are_listed_by_page() {
    let rows = object!({ "organizations": [samples::organization()] });
    let server = Server::scripted([json(200, &rows)]).await;
    let query = OrganizationQuery {
        search_phrase: Some("Smith & Sons".into()),
        template: Some(false),
        with_child_count: true,
        limit: 1,
    };
    let after = organization_id("1875");
    let page = server.api().list_organizations(&query, Some(&after)).await.unwrap();
    let returned = object!({
        "items": page.items.iter().map(shown).collect::<Vec<_>>(),
        "next": page.next.map(String::from),
    });
    golden("list_organizations", &server, returned).await;
}

#[tokio::test]
async fn children_are_counted_for_the_exact_id_only() {
    let mut namesake = samples::organization();
    namesake["id"] = object!("18760");
    namesake["number_of_child_organizations"] = object!(9);
    let rows = object!({ "organizations": [namesake, samples::organization()] });
    let server = Server::scripted([json(200, &rows)]).await;
    let count = server.api().child_count(&organization_id("1876")).await.unwrap();
    golden("child_count", &server, object!(count)).await;
}

#[tokio::test]
async fn a_child_count_that_is_not_shown_is_unknown_and_not_zero() {
    for count in [Value::Null, object!("2"), object!(-1)] {
        let mut organization = samples::organization();
        organization["number_of_child_organizations"] = count;
        let rows = object!({ "organizations": [organization] });
        let server = Server::scripted([json(200, &rows)]).await;
        assert_eq!(server.api().child_count(&organization_id("1876")).await.unwrap(), None);
    }
    let server = Server::scripted([json(200, &object!({ "organizations": [] }))]).await;
    assert_eq!(server.api().child_count(&organization_id("1876")).await.unwrap(), None);
}

#[tokio::test]
async fn an_organization_is_created_deactivated_and_marked() {
    let server = Server::scripted([json(201, &samples::organization()).insert_header("etag", "\"v1\"")]).await;
    let key = key("create_organization");
    let created = server
        .api()
        .create_organization(&samples::new_organization(), &key)
        .await
        .unwrap();
    golden("create_organization", &server, versioned(&created)).await;
}

#[tokio::test]
async fn an_organization_that_is_live_from_the_start_is_created_without_the_member() {
    let server = Server::scripted([json(201, &samples::organization())]).await;
    let mut new = samples::new_organization();
    new.deactivated = false;
    server
        .api()
        .create_organization(&new, &key("create_organization"))
        .await
        .unwrap();
    let body: Value = server.requests().await[0].body_json().unwrap();
    assert_eq!(body.get("deactivated"), None);
}

#[tokio::test]
async fn an_organization_is_updated_as_a_whole_under_its_tag() {
    let server = Server::scripted([json(200, &samples::organization()).insert_header("etag", "\"v2\"")]).await;
    let read: Organization = serde_json::from_value::<Value>(samples::organization())
        .map(|body| serde_json::from_str(&body.to_string()).unwrap())
        .unwrap();
    let read = Versioned {
        value: read,
        etag: ETag::parse("\"v1\""),
    };
    let written = server
        .api()
        .update_organization(&read.map(|it| it.with_deactivated(false)))
        .await
        .unwrap();
    golden("update_organization", &server, versioned(&written)).await;
}

#[tokio::test]
async fn an_organization_is_renamed_by_the_same_update() {
    let mut renamed = samples::organization();
    renamed["name"] = "Smith & Sons".into();
    let server = Server::scripted([json(200, &samples::organization()), json(200, &renamed)]).await;
    let api = server.api();
    let read = api.organization(&organization_id("1876")).await.unwrap().unwrap();
    let written = api
        .update_organization(&read.map(|it| it.with_name("Smith & Sons")))
        .await
        .unwrap();
    let sent = recorded(&server.requests().await[1]);
    let exchange = object!({ "request": sent, "returned": versioned(&written) });
    compare("rename_organization", &exchange);
}

#[tokio::test]
async fn an_organization_that_somebody_else_changed_is_stale() {
    let server = Server::scripted([json(200, &samples::organization()), reply(412)]).await;
    let api = server.api();
    let read = api.organization(&organization_id("1876")).await.unwrap().unwrap();
    let error = api.update_organization(&read).await.unwrap_err();
    assert_eq!(error.class(), Class::Stale);
    assert_eq!(server.requests().await.len(), 2, "a stale write is not repeated");
}

#[tokio::test]
async fn an_organization_is_deleted_once_and_absent_the_next_time() {
    let server = Server::scripted([reply(204)]).await;
    let deleted = server
        .api()
        .delete_organization(&organization_id("1876"))
        .await
        .unwrap();
    golden("delete_organization", &server, object!(format!("{deleted:?}"))).await;

    let server = Server::scripted([absent()]).await;
    let absent = server
        .api()
        .delete_organization(&organization_id("1876"))
        .await
        .unwrap();
    assert_eq!(absent, Deleted::WasAbsent);
}
