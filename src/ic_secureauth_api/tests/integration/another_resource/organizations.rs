//! Organizations, and the audit events of one.

use ic_secureauth_api::{AuditQuery, OrganizationQuery, Versioned};
use serde_json::json as object;

use super::{FOREIGN, biller, each, in_list, is_refused, with};
use crate::support::{
    Server, TENANT, json,
    samples::{self, key},
};

#[tokio::test]
async fn an_organization_that_is_not_the_one_asked_for_is_no_answer() {
    let own = samples::organization();
    is_refused(
        "get_organization",
        200,
        each(&own, &["/id", "/tenant_id"]),
        |api| async move { api.organization(&biller()).await },
    )
    .await;
    let rows = in_list("organizations", each(&own, &["/tenant_id"]));
    is_refused("list_organizations", 200, rows.clone(), |api| async move {
        api.list_organizations(&OrganizationQuery::default(), None).await
    })
    .await;
    is_refused("list_organizations", 200, rows, |api| async move {
        api.child_count(&biller()).await
    })
    .await;
}

#[tokio::test]
async fn a_creation_or_a_change_of_an_organization_is_not_confirmed_by_another_one() {
    let mut other = samples::organization();
    other["metadata"]["payload"]["ic_onboarding_id"] = "another run".into();
    let mut answers = each(&other, &["/id"]);
    answers.extend(each(&samples::organization(), &["/parent_id", "/tenant_id"]));
    is_refused("create_organization", 201, answers, |api| async move {
        api.create_organization(&samples::new_organization(), &key("create"))
            .await
    })
    .await;
    let answers = each(&samples::organization(), &["/id", "/parent_id", "/tenant_id"]);
    is_refused("update_organization", 200, answers, |api| async move {
        let read = serde_json::from_str(&samples::organization().to_string()).unwrap();
        let read = Versioned {
            value: read,
            etag: None,
        };
        api.update_organization(&read).await
    })
    .await;
}

#[tokio::test]
async fn an_organization_with_the_marker_that_was_just_sent_is_the_created_one_whatever_its_id() {
    let answer = with(samples::organization(), "/id", "chosen-by-the-server");
    let server = Server::scripted([json(201, &answer)]).await;
    let created = server
        .api()
        .create_organization(&samples::new_organization(), &key("create"))
        .await
        .unwrap();
    assert_eq!(created.value.id().as_str(), "chosen-by-the-server");
}

#[tokio::test]
async fn audit_events_of_another_workspace_tenant_or_organization_are_no_answer() {
    let event = object!({
        "event_id": "e", "tenant_id": TENANT, "server_id": "1876",
        "metadata": { "organization_id": "1876" },
    });
    let mut answers = each(&event, &["/server_id", "/tenant_id"]);
    let elsewhere = with(event, "/metadata/organization_id", FOREIGN);
    answers.push(("metadata.organization_id".into(), elsewhere));
    is_refused(
        "list_audit_events",
        200,
        in_list("audit_events", answers),
        |api| async move {
            let query = AuditQuery {
                organization_id: Some(biller()),
                ..AuditQuery::default()
            };
            api.audit_events(&biller(), &query).await
        },
    )
    .await;
}
