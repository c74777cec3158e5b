use ic_secureauth_api::{AuditQuery, Class, IdpCheck, SchemaId};
use serde_json::{Value, json as object};
use time::macros::datetime;
use wiremock::{Request, ResponseTemplate};

use crate::support::{
    ALL_REQUIRED, Server, TENANT, absent, golden, grant, idp_check, json, organization_id, reply,
    samples::{self, POOL, pool_of_samples},
};

#[tokio::test]
async fn a_schema_is_read_by_its_id() {
    let definition = object!({ "type": "object", "properties": { "user_name": { "type": "string" } } });
    let body = object!({ "id": "s", "tenant_id": TENANT, "name": "Users", "schema": definition, "system": false });
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
        assert_eq!(check, IdpCheck::Absent);
    }
}

#[tokio::test]
async fn a_refused_look_at_the_workspace_is_a_wait_and_no_check() {
    let server = Server::scripted([reply(403)]).await;
    let (organization, pool) = (organization_id("1876"), pool_of_samples());
    let error = server.api().identity_provider(&organization, &pool).await.unwrap_err();
    assert_eq!(
        (error.class(), error.missing_scope()),
        (Class::Retry { after: None }, None)
    );
}

/// A server whose tokens have the required scopes and `scope`. It answers the two ways to look for a provider.
async fn with_scope(scope: &'static str, idps: ResponseTemplate, dump: ResponseTemplate) -> Server {
    Server::responding(move |request: &Request| {
        let path = request.url.path();
        if path.ends_with("/token") {
            json(200, &grant("token", &format!("{ALL_REQUIRED} {scope}")))
        } else if path.ends_with("/idps") {
            idps.clone()
        } else {
            dump.clone()
        }
    })
    .await
}

#[tokio::test]
async fn the_identity_provider_of_a_pool_is_looked_for_in_its_own_list_where_that_may_be_read() {
    let idp = object!({
        "id": "idp", "identity_pool_id": POOL, "authorization_server_id": "1876", "method": "identity_pool",
        "disabled": false, "tenant_id": TENANT,
    });
    let list = json(200, &object!({ "idps": [idp] }));
    let server = with_scope("read_configuration manage_idps", list, reply(500)).await;
    let check = idp_check(&server).await;
    golden("pool_idps", &server, object!(format!("{check:?}"))).await;
}

#[tokio::test]
async fn a_provider_that_is_disabled_of_another_kind_or_of_another_workspace_does_not_count() {
    let idp = |change: &Value| {
        let mut idp =
            object!({ "identity_pool_id": POOL, "authorization_server_id": "1876", "method": "identity_pool" });
        idp.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        idp
    };
    let (fine, disabled) = (object!({}), object!({ "disabled": true }));
    let (another_kind, elsewhere) = (
        object!({ "method": "oidc" }),
        object!({ "authorization_server_id": "1877" }),
    );
    for (changes, expected) in [
        (vec![&disabled], IdpCheck::Disabled),
        (vec![&another_kind], IdpCheck::OfAnotherKind),
        (vec![&elsewhere], IdpCheck::Absent),
        (vec![], IdpCheck::Absent),
        (vec![&elsewhere, &another_kind, &disabled, &fine], IdpCheck::Present),
    ] {
        let idps: Vec<Value> = changes.into_iter().map(idp).collect();
        let list = json(200, &object!({ "idps": idps }));
        let server = with_scope("manage_idps", list, reply(500)).await;
        assert_eq!(idp_check(&server).await, expected, "{idps:?}");
        let dump = json(200, &object!({ "servers": [{ "id": "1876" }], "idps": idps }));
        let server = with_scope("read_configuration", reply(500), dump).await;
        assert_eq!(idp_check(&server).await, expected, "{idps:?}");
    }
}

#[tokio::test]
async fn where_the_pools_own_list_is_not_there_the_dump_tells() {
    let dump = || json(200, &object!({ "idps": [{ "identity_pool_id": POOL }] }));
    let server = with_scope("read_configuration manage_idps", absent(), dump()).await;
    assert_eq!(idp_check(&server).await, IdpCheck::Present);
    let server = with_scope("manage_idps", absent(), dump()).await;
    assert_eq!(idp_check(&server).await, IdpCheck::Absent);
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
