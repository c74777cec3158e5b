//! Organizations: rows 20 to 28 and 34.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Tenant, identity, organizations, send};

#[tokio::test]
async fn a_created_organization_has_every_member_with_its_default() {
    let tenant = Tenant::new().await;
    let body = json!({ "id": "1876", "name": "TestOrg", "parent_id": "invoice-cloud" });
    let created = tenant.post(&organizations(""), &body).await.expect(201);
    let mut shown = created.json();
    let salt = shown["subject_identifier_algorithm_salt"].take();
    assert!(salt.as_str().is_some_and(|salt| salt.len() == 43), "{salt}");
    assert_eq!(
        shown,
        json!({
            "id": "1876",
            "name": "TestOrg",
            "description": "",
            "parent_id": "invoice-cloud",
            "color": "#6366F1",
            "metadata": { "payload": null, "schema": {} },
            "domains": null,
            "authentication_mechanisms": ["totp", "password", "email_otp", "webauthn"],
            "deactivated": false,
            "issuer_url": "https://dev-invoicecloud.us.connect.secureauth.com/dev-invoicecloud/1876",
            "theme_id": null,
            "subject_format": "hash",
            "subject_identifier_algorithm_salt": null,
            "template": false,
            "number_of_child_organizations": 0,
        })
    );
    assert_eq!(
        tenant.get(&organizations("/1876")).await.expect(200).json(),
        created.json()
    );
}

#[tokio::test]
async fn an_organization_without_id_gets_a_random_one() {
    let tenant = Tenant::new().await;
    let body = json!({ "name": "Same" });
    let first = tenant.post(&organizations(""), &body).await.expect(201).at("/id");
    let second = tenant.post(&organizations(""), &body).await.expect(201).at("/id");
    assert_ne!(first, second);
    assert_eq!(first.as_str().map(str::len), Some(32));
}

#[tokio::test]
async fn an_id_of_any_workspace_is_a_conflict() {
    let tenant = Tenant::new().await;
    for id in ["invoice-cloud", "default"] {
        tenant
            .post(&organizations(""), &json!({ "id": id, "name": "N" }))
            .await
            .expect(409);
    }
    tenant.switch("existing-organization-id", "422");
    tenant
        .post(&organizations(""), &json!({ "id": "default", "name": "N" }))
        .await
        .expect(422);
}

#[tokio::test]
async fn an_unknown_parent_is_not_found() {
    let tenant = Tenant::new().await;
    let body = json!({ "id": "child", "name": "N", "parent_id": "nobody" });
    tenant.post(&organizations(""), &body).await.expect(404);
    tenant.switch("unknown-parent", "400");
    tenant.post(&organizations(""), &body).await.expect(400);
    tenant.get(&organizations("/child")).await.expect(404);
}

#[tokio::test]
async fn invalid_values_are_unprocessable_and_no_json_is_a_bad_request() {
    let tenant = Tenant::new().await;
    let invalid = [
        json!({ "name": "N", "authentication_mechanisms": ["face"] }),
        json!({ "name": "N", "color": "blue" }),
        json!({ "name": "N", "metadata": { "payload": "text" } }),
        json!({ "name": "N", "metadata": 1 }),
        json!({ "name": 1 }),
    ];
    for body in &invalid {
        tenant.post(&organizations(""), body).await.expect(422);
    }
    let malformed = || tenant.request(Method::POST, &organizations("")).body("{");
    send(malformed()).await.expect("an answer").expect(400);
    tenant.switch("invalid-value", "400");
    tenant.post(&organizations(""), &invalid[0]).await.expect(400);
    tenant.switch("malformed-json", "422");
    send(malformed()).await.expect("an answer").expect(422);
}

#[tokio::test]
async fn metadata_must_match_their_own_schema() {
    let tenant = Tenant::new().await;
    let with = |payload: Value| {
        let schema = json!({ "type": "object", "required": ["bid"] });
        json!({ "name": "N", "metadata": { "payload": payload, "schema": schema } })
    };
    let refused = with(json!({ "other": 1 }));
    tenant.post(&organizations(""), &refused).await.expect(422);
    let created = tenant
        .post(&organizations(""), &with(json!({ "bid": "7" })))
        .await
        .expect(201);
    assert_eq!(created.at("/metadata/payload/bid"), "7");
    tenant.switch("metadata-schema-check", "off");
    tenant.post(&organizations(""), &refused).await.expect(201);
}

#[tokio::test]
async fn deactivated_on_create_is_honoured_or_ignored() {
    let tenant = Tenant::new().await;
    let body = |id: &str| json!({ "id": id, "name": "N", "deactivated": true });
    let created = tenant.post(&organizations(""), &body("off")).await.expect(201);
    assert_eq!(created.at("/deactivated"), true);
    tenant.switch("create-deactivated", "ignored");
    let created = tenant.post(&organizations(""), &body("on")).await.expect(201);
    assert_eq!(created.at("/deactivated"), false);
    assert_eq!(tenant.get(&organizations("/on")).await.at("/deactivated"), false);
}

#[tokio::test]
async fn an_unknown_id_and_a_regular_workspace_are_not_found() {
    let tenant = Tenant::new().await;
    tenant.get(&organizations("/nobody")).await.expect(404);
    tenant.get(&organizations("/default")).await.expect(404);
    tenant.switch("workspace-as-organization", "200");
    assert_eq!(
        tenant.get(&organizations("/default")).await.expect(200).at("/id"),
        "default"
    );
    tenant.get(&organizations("/nobody")).await.expect(404);
}

#[tokio::test]
async fn the_list_is_searched_filtered_and_paged_by_id() {
    let tenant = Tenant::new().await;
    for number in 10..35 {
        let body = json!({ "id": format!("o{number}"), "name": format!("Biller {number}"), "parent_id": "invoice-cloud", "template": number == 12 });
        tenant.post(&organizations(""), &body).await.expect(201);
    }
    let ids = |query: String| {
        let tenant = &tenant;
        async move {
            let rows = tenant
                .get(&organizations(&query))
                .await
                .expect(200)
                .at("/organizations");
            let rows = rows.as_array().expect("rows").clone();
            rows.iter()
                .map(|row| row["id"].as_str().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        }
    };
    let first = ids(String::new()).await;
    assert_eq!(
        (first.len(), first[0].as_str(), first[19].as_str()),
        (20, "invoice-cloud", "o28")
    );
    let rest = ids("?after_organization_id=o28".to_owned()).await;
    assert_eq!((rest.len(), rest[0].as_str()), (6, "o29"));
    assert_eq!(
        ids("?before_organization_id=o13&limit=2".to_owned()).await,
        ["o11", "o12"]
    );
    assert_eq!(ids("?order=desc&limit=2".to_owned()).await, ["o34", "o33"]);
    assert_eq!(
        ids("?order=desc&limit=2&after_organization_id=o33".to_owned()).await,
        ["o32", "o31"]
    );
    assert_eq!(
        ids("?order=desc&limit=2&before_organization_id=o31".to_owned()).await,
        ["o33", "o32"]
    );
    assert_eq!(ids("?search_phrase=o20".to_owned()).await, ["o20"]);
    assert_eq!(ids("?search_phrase=o2".to_owned()).await, Vec::<String>::new());
    assert_eq!(ids("?search_phrase=bILLER%2030".to_owned()).await, ["o30"]);
    assert_eq!(ids("?template=true".to_owned()).await, ["o12"]);
    for limit in ["0", "101", "x"] {
        tenant.get(&organizations(&format!("?limit={limit}"))).await.expect(400);
    }
    let counted = tenant
        .get(&organizations("?search_phrase=invoice-cloud&with_child_count=true"))
        .await;
    assert_eq!(counted.at("/organizations/0/number_of_child_organizations"), 25);
    tenant.switch("limit-out-of-range", "clamped");
    assert_eq!(ids("?limit=0".to_owned()).await.len(), 1);
    assert_eq!(ids("?limit=1000".to_owned()).await.len(), 26);
}

#[tokio::test]
async fn the_number_of_children_is_shown_left_out_or_no_number() {
    let tenant = Tenant::new().await;
    tenant.organization("child").await;
    let count = async || {
        let list = tenant
            .get(&organizations("?search_phrase=invoice-cloud&with_child_count=true"))
            .await;
        let one = tenant.get(&organizations("/invoice-cloud")).await;
        let counts = [
            list.at("/organizations/0/number_of_child_organizations"),
            one.at("/number_of_child_organizations"),
        ];
        assert_eq!(counts[0], counts[1]);
        counts[0].clone()
    };
    assert_eq!(count().await, 1);
    tenant.switch("child-count", "absent");
    assert_eq!(count().await, Value::Null);
    tenant.switch("child-count", "text");
    assert_eq!(count().await, "1");
}

#[tokio::test]
async fn an_organization_from_a_template_has_a_pool_of_its_own() {
    let tenant = Tenant::new().await;
    let template = json!({
        "id": "template", "name": "T", "template": true,
        "authentication_mechanisms": ["password"], "metadata": { "payload": { "tier": "gold" } },
    });
    tenant.post(&organizations(""), &template).await.expect(201);
    tenant.pool("template-pool", "template").await;
    let body = json!({ "id": "o", "name": "N", "template_id": "template" });
    let created = tenant.post(&organizations(""), &body).await.expect(201);
    assert_eq!(created.at("/authentication_mechanisms"), json!(["password"]));
    assert_eq!(created.at("/metadata/payload/tier"), "gold");
    let listed = tenant.get(&identity("/system/workspace/o/pools")).await.at("/pools");
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(listed[0]["name"], "Pool template-pool");
    assert_ne!(listed[0]["id"], "template-pool");
    let inventory = tenant.simulator.inventory();
    let made = inventory.organizations.iter().find(|it| it.id == "o").expect("made");
    assert!(made.pools[0].idp);
    let unknown = json!({ "name": "N", "template_id": "invoice-cloud" });
    tenant.post(&organizations(""), &unknown).await.expect(404);
}
