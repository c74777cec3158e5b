//! A well-formed answer about another resource is an error, for reads and for writes.

use std::future::Future;

use ic_secureauth_api::{
    Api, ApiError, AuditQuery, Class, ErrorKind, OrganizationId, OrganizationQuery, SchemaId, UserUpdate, Versioned,
    tenant_management::{NewTenant, Tenant, TenantId, TenantManagement},
};
use serde_json::{Value, json as object};

use crate::support::{
    Captured, Server, api, context, grant, json, organization_id, reply,
    samples::{self, key, pool_of_samples, user_id},
    tenant_management,
};

const FOREIGN: &str = "FOREIGN-9999";

/// The sample with one member changed.
fn with(mut sample: Value, pointer: &str, value: impl Into<Value>) -> Value {
    if sample.pointer(pointer).is_none() {
        sample[&pointer[1..]] = Value::Null;
    }
    *sample.pointer_mut(pointer).unwrap() = value.into();
    sample
}

/// Copies of a sample, each with one member that belongs to another resource.
fn each(sample: &Value, members: &[&str]) -> Vec<(String, Value)> {
    let one = |member: &&str| {
        (
            member.trim_start_matches('/').to_owned(),
            with(sample.clone(), member, FOREIGN),
        )
    };
    members.iter().map(one).collect()
}

fn in_list(array: &str, rows: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let list = |(member, row): (String, Value)| (member, object!({ array: [row] }));
    rows.into_iter().map(list).collect()
}

/// Makes the call once per answer. Each has to fail with a mismatch of its member.
async fn is_refused<T: std::fmt::Debug, F: Future<Output = Result<T, ApiError>>>(
    name: &str,
    status: u16,
    answers: Vec<(String, Value)>,
    call: impl Fn(Api) -> F,
) {
    for (member, answer) in answers {
        let server = Server::scripted([json(status, &answer)]).await;
        let error = call(server.api()).await.expect_err(&member);
        assert_mismatch(&error, name, &member);
        assert_eq!(server.requests().await.len(), 1, "{name}: {member}");
    }
}

fn assert_mismatch(error: &ApiError, name: &str, member: &str) {
    let ErrorKind::UnusableAnswer { mismatch, .. } = error.kind() else {
        panic!("{name} {member}: {error}");
    };
    assert_eq!(*mismatch, Some(member), "{name}: {error}");
    assert_eq!(error.class(), Class::Retry { after: None });
    assert_eq!(error.outcome_unknown(), error.operation().mutates(), "{name}: {error}");
    let shown = format!("{error} {error:?}");
    assert!(shown.contains(name) && shown.contains(member), "{shown}");
    assert!(!shown.contains(FOREIGN), "{shown}");
}

fn biller() -> OrganizationId {
    organization_id("1876")
}

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
async fn a_pool_that_is_not_the_one_asked_for_is_no_answer() {
    let own = samples::pool();
    is_refused("get_pool", 200, each(&own, &["/id", "/tenant_id"]), |api| async move {
        api.pool(&pool_of_samples()).await
    })
    .await;
    let rows = in_list("pools", each(&own, &["/workspace_id", "/tenant_id"]));
    is_refused(
        "list_pools",
        200,
        rows,
        |api| async move { api.pools_of(&biller()).await },
    )
    .await;
}

#[tokio::test]
async fn a_creation_of_a_pool_is_not_confirmed_by_another_one() {
    let mut answers = each(&samples::pool(), &["/workspace_id", "/tenant_id"]);
    let marked = with(
        samples::pool(),
        "/metadata",
        object!({ "ic_onboarding_id": "another", "ic_bid": "1876" }),
    );
    answers.push(("id".into(), marked));
    answers.push((
        "id".into(),
        with(samples::pool(), "/metadata", object!({ "theirs": true })),
    ));
    answers.push(("id".into(), with(samples::pool(), "/workspace_id", Value::Null)));
    is_refused("create_pool", 201, answers, |api| async move {
        api.create_pool(&samples::new_pool(), &key("create")).await
    })
    .await;
    // The server may choose the id. The created pool then has our marker, or the answer shows no metadata.
    let marked = with(samples::pool(), "/metadata", samples::marker().to_metadata());
    for answer in [marked, samples::pool()] {
        let server = Server::scripted([json(201, &answer)]).await;
        let created = server
            .api()
            .create_pool(&samples::new_pool(), &key("create"))
            .await
            .unwrap();
        assert_ne!(created.value.id, samples::new_pool().id);
    }
}

#[tokio::test]
async fn a_schema_that_is_not_the_one_asked_for_is_no_answer() {
    let own = object!({ "id": "s", "tenant_id": crate::support::TENANT, "name": "Users", "schema": {} });
    let read = |api: Api| async move { api.schema(&SchemaId::parse("s").unwrap()).await };
    is_refused("get_schema", 200, each(&own, &["/id", "/tenant_id"]), read).await;
    let of_the_system = with(with(own, "/tenant_id", FOREIGN), "/system", true);
    let server = Server::scripted([json(200, &of_the_system)]).await;
    assert!(read(server.api()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_user_that_is_not_the_one_asked_for_is_no_answer() {
    let answers = || each(&samples::user(), &["/id", "/user_pool_id", "/tenant_id"]);
    is_refused("get_user", 200, answers(), |api| async move {
        api.user(&pool_of_samples(), &user_id()).await
    })
    .await;
    is_refused("update_user", 200, answers(), |api| async move {
        let update = UserUpdate::default();
        api.update_user(&pool_of_samples(), &user_id(), &update).await
    })
    .await;
    let rows = in_list("users", each(&samples::user(), &["/user_pool_id", "/tenant_id"]));
    let listed = |(member, mut list): (String, Value)| {
        list["users"][0]["identifiers"] = object!(["rsable"]);
        (member, list)
    };
    let rows = rows.into_iter().map(listed).collect();
    is_refused("list_users", 200, rows, |api| async move {
        api.users_page(&pool_of_samples(), None, 100).await
    })
    .await;
}

#[tokio::test]
async fn a_user_that_is_found_carries_what_it_was_looked_for_by() {
    let mut other = samples::user();
    other["identifiers"][0]["identifier"] = FOREIGN.into();
    other["verifiable_addresses"][0]["address"] = FOREIGN.into();
    let mut answers = each(&samples::user(), &["/user_pool_id", "/tenant_id"]);
    answers.push(("identifiers".into(), other.clone()));
    is_refused("find_user", 200, answers, |api| async move {
        api.find_user_by_identifier(&pool_of_samples(), "RSable").await
    })
    .await;
    let answers = vec![("verifiable_addresses".into(), other)];
    is_refused("find_user", 200, answers, |api| async move {
        api.find_user_by_address(&pool_of_samples(), "rsable@invoicecloud.com")
            .await
    })
    .await;
    // Case does not count, and neither do lists that the answer leaves out.
    let mut bare = samples::user();
    bare["identifiers"] = Value::Null;
    bare["verifiable_addresses"] = Value::Null;
    for answer in [samples::user(), bare] {
        let server = Server::scripted([json(200, &answer)]).await;
        let (api, pool) = (server.api(), pool_of_samples());
        assert!(api.find_user_by_identifier(&pool, "RSABLE").await.unwrap().is_some());
        assert!(
            api.find_user_by_address(&pool, "RSable@InvoiceCloud.com")
                .await
                .unwrap()
                .is_some()
        );
    }
}

#[tokio::test]
async fn audit_events_of_another_workspace_tenant_or_organization_are_no_answer() {
    let event = object!({
        "event_id": "e", "tenant_id": crate::support::TENANT, "server_id": "1876",
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

#[tokio::test]
async fn identity_providers_of_another_pool_or_workspace_are_no_answer() {
    let idp = object!({
        "identity_pool_id": samples::POOL, "authorization_server_id": "1876", "tenant_id": crate::support::TENANT,
    });
    let dump = object!({
        "tenant": { "id": crate::support::TENANT }, "servers": [{ "id": "1876" }], "idps": [idp],
    });
    let mut without_servers = dump.clone();
    without_servers["servers"] = Value::Null;
    let answers = vec![
        ("tenant.id".to_owned(), with(dump.clone(), "/tenant/id", FOREIGN)),
        ("tenant_id".to_owned(), with(dump.clone(), "/idps/0/tenant_id", FOREIGN)),
        ("servers".to_owned(), with(dump, "/servers/0/id", FOREIGN)),
        (
            "authorization_server_id".to_owned(),
            with(without_servers, "/idps/0/authorization_server_id", FOREIGN),
        ),
    ];
    let check = |api: Api| async move { api.identity_provider(&biller(), &pool_of_samples()).await };
    is_refused("get_workspace_dump", 200, answers, check).await;
    for (member, answer) in in_list("idps", each(&idp, &["/identity_pool_id", "/tenant_id"])) {
        let server = Server::responding(move |request: &wiremock::Request| {
            if request.url.path().ends_with("/token") {
                json(200, &grant("token", "manage_configuration identity manage_idps"))
            } else {
                json(200, &answer)
            }
        })
        .await;
        let error = check(server.api()).await.unwrap_err();
        assert_mismatch(&error, "list_pool_idps", &member);
    }
}

#[tokio::test]
async fn a_tenant_that_is_not_the_one_asked_for_is_no_answer() {
    let other = object!({ "id": FOREIGN, "name": "Other" });
    let own: Tenant = serde_json::from_value(object!({ "id": "tenant-1" })).unwrap();
    let id = TenantId::parse("tenant-1").unwrap();
    let new = NewTenant {
        id: id.clone(),
        name: "One".into(),
        url: None,
    };
    for name in ["get_tenant", "update_tenant", "create_tenant"] {
        let answer = if name == "create_tenant" {
            object!({ "tenant": other })
        } else {
            other.clone()
        };
        let server = Server::scripted([json(200, &answer)]).await;
        let management = TenantManagement::new(tenant_management(&server.uri()), context(None)).unwrap();
        let error = match name {
            "get_tenant" => management.get(&id).await.unwrap_err(),
            "update_tenant" => management.update(&own).await.unwrap_err(),
            _ => management.create(&new, &key("create")).await.unwrap_err(),
        };
        assert_mismatch(&error, name, "id");
    }
}

#[tokio::test]
async fn members_that_are_left_out_are_no_mismatch() {
    let server = Server::scripted([json(200, &object!({ "id": "1876" }))]).await;
    assert!(server.api().organization(&biller()).await.unwrap().is_some());
    let server = Server::scripted([json(
        200,
        &object!({ "id": samples::POOL, "tenant_id": "", "workspace_id": null }),
    )])
    .await;
    assert!(server.api().pool(&pool_of_samples()).await.unwrap().is_some());
    let server = Server::scripted([json(200, &object!({ "id": samples::USER }))]).await;
    assert!(
        server
            .api()
            .user(&pool_of_samples(), &user_id())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_logged_with_what_support_needs() {
    let captured = Captured::start();
    let server = Server::scripted([
        json(200, &with(samples::organization(), "/id", FOREIGN)).insert_header("x-trace-id", "trace-1"),
        reply(200).set_body_string("<html>"),
    ])
    .await;
    let api = api(server.config());
    api.organization(&biller()).await.unwrap_err();
    api.organization(&biller()).await.unwrap_err();
    let failed = captured.events("SecureAuth call failed");
    assert_eq!(failed.len(), 2);
    assert_eq!(
        (
            &failed[0]["operation"],
            &failed[0]["secureauth_trace_id"],
            &failed[0]["correlation_id"]
        ),
        (
            &object!("get_organization"),
            &object!("trace-1"),
            &object!(crate::support::RUN)
        )
    );
    let cause = failed[0]["cause"].as_str().unwrap();
    assert_eq!(
        cause,
        "answered 200 about another resource: id is not the one requested"
    );
    assert!(!captured.text().contains(FOREIGN));
}
