use ic_secureauth_api::{AuditQuery, IdpCheck, SchemaId};
use serde_json::json as object;
use time::macros::datetime;

use crate::support::{
    Server, absent, golden, idp_check, json, organization_id, reply,
    samples::{self, POOL},
};

#[tokio::test]
async fn a_schema_is_read_by_its_id() {
    let definition = object!({ "type": "object", "properties": { "user_name": { "type": "string" } } });
    let body = object!({ "id": "s", "tenant_id": "t", "name": "Users", "schema": definition, "system": false });
    let server = Server::scripted([json(200, &body)]).await;
    let schema = server
        .api()
        .schema(&SchemaId::parse("s").unwrap())
        .await
        .unwrap()
        .unwrap();
    let returned = object!({ "id": schema.id, "name": schema.name, "schema": schema.schema });
    golden("get_schema", &server, returned).await;
}

#[tokio::test]
async fn an_absent_schema_is_no_error() {
    let server = Server::scripted([absent()]).await;
    assert_eq!(server.api().schema(&SchemaId::parse("s").unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn the_identity_provider_of_a_pool_is_looked_for_in_its_workspace() {
    let dump = object!({
        "idps": [{ "id": "other" }, { "id": "idp", "identity_pool_id": POOL, "credentials": { "secret": "x" } }],
        "clients": [{ "client_secret": "x" }],
    });
    let server = Server::scripted([json(200, &dump)]).await;
    let check = idp_check(&server).await;
    golden("workspace_idps", &server, object!(format!("{check:?}"))).await;

    for dump in [
        object!({}),
        object!({ "idps": null }),
        object!({ "idps": [{ "identity_pool_id": "another" }] }),
    ] {
        let server = Server::scripted([json(200, &dump)]).await;
        let check = idp_check(&server).await;
        assert_eq!(check, IdpCheck::Missing);
    }
}

#[tokio::test]
async fn a_refused_look_at_the_workspace_is_a_check_not_done() {
    let server = Server::scripted([reply(403)]).await;
    let check = idp_check(&server).await;
    assert_eq!(check, IdpCheck::NotPermitted);
}

#[tokio::test]
async fn audit_events_are_listed_by_subject_and_time_without_persons() {
    let event = object!({
        "event_id": "e1", "event_subject": "organization", "action": "created", "timestamp": "2026-11-21T10:20:31Z",
        "metadata": {
            "client_id": "client", "request_correlation_id": "run", "trace_id": "trace", "organization_id": "1876",
            "ip": "192.0.2.1", "user_agent": "agent", "subject": "somebody",
        },
        "payload": { "organization": samples::organization() },
    });
    let server = Server::scripted([json(200, &object!({ "audit_events": [event] }))]).await;
    let query = AuditQuery {
        subjects: vec!["organization".into(), "pool".into()],
        actions: vec!["created".into()],
        organization_id: Some(organization_id("1876")),
        from: Some(datetime!(2026-11-21 10:00 UTC)),
        to: Some(datetime!(2026-11-21 11:00 UTC)),
        after_event_id: Some("e0".into()),
        limit: 1_000,
    };
    let events = server
        .api()
        .audit_events(&organization_id("1876"), &query)
        .await
        .unwrap();
    golden(
        "list_audit_events",
        &server,
        object!(events.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>()),
    )
    .await;
}
