//! Organizations that are changed or deleted: rows 29 to 33.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Chunk, Tenant, identity, organizations, pools, send};

#[tokio::test]
async fn a_put_resets_what_it_leaves_out() {
    let tenant = Tenant::new().await;
    let body = json!({
        "id": "o", "name": "N", "description": "D", "parent_id": "invoice-cloud",
        "metadata": { "payload": { "bid": "o" } }, "domains": ["example.com"], "deactivated": true,
    });
    let created = tenant.post(&organizations(""), &body).await.expect(201);
    let put = tenant
        .put(&organizations("/o"), &json!({ "id": "other", "name": "M" }))
        .await
        .expect(200);
    assert_eq!((put.at("/id"), put.at("/name")), ("o".into(), "M".into()));
    assert_eq!(
        (put.at("/description"), put.at("/parent_id"), put.at("/color")),
        ("".into(), "".into(), "".into())
    );
    assert_eq!(
        (put.at("/metadata/payload"), put.at("/domains"), put.at("/deactivated")),
        (Value::Null, Value::Null, false.into())
    );
    for response_only in ["/subject_identifier_algorithm_salt", "/issuer_url", "/subject_format"] {
        assert_eq!(put.at(response_only), created.at(response_only));
    }
    tenant.switch("put-omitted-members", "kept");
    tenant
        .put(&organizations("/o"), &json!({ "description": "D2" }))
        .await
        .expect(200);
    let kept = tenant
        .put(&organizations("/o"), &json!({ "deactivated": true }))
        .await
        .expect(200);
    assert_eq!((kept.at("/name"), kept.at("/description")), ("M".into(), "D2".into()));
    tenant.switch("put-other-id", "400");
    tenant
        .put(&organizations("/o"), &json!({ "id": "other" }))
        .await
        .expect(400);
    tenant
        .put(&organizations("/nobody"), &json!({ "name": "N" }))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_member_that_no_specification_has_is_kept_or_refused_by_name() {
    let tenant = Tenant::new().await;
    tenant.organization("o").await;
    let shown = async || tenant.get(&organizations("/o")).await.expect(200).at("/data_residency");
    assert_eq!(shown().await, Value::Null);
    tenant.switch("newer-member", "kept");
    let whole = json!({ "name": "N", "data_residency": shown().await });
    tenant.put(&organizations("/o"), &whole).await.expect(200);
    assert_eq!(shown().await, whole["data_residency"]);
    for status in [400, 422] {
        tenant.switch("newer-member", &status.to_string());
        let refused = tenant.put(&organizations("/o"), &whole).await.expect(status);
        assert_eq!(refused.at("/error"), "unknown field \"data_residency\"");
        tenant
            .put(&organizations("/o"), &json!({ "name": "N" }))
            .await
            .expect(200);
        assert_eq!(shown().await, whole["data_residency"], "a PUT without it keeps it");
    }
    tenant.switch("newer-member", "kept");
    tenant
        .put(&organizations("/o"), &json!({ "name": "N" }))
        .await
        .expect(200);
    assert_eq!(shown().await, Value::Null);
}

#[tokio::test]
async fn there_is_no_patch_on_organizations() {
    let tenant = Tenant::new().await;
    let patch = || {
        tenant
            .request(Method::PATCH, &organizations("/invoice-cloud"))
            .json(&json!({}))
    };
    send(patch()).await.expect("an answer").expect(405);
    tenant.switch("patch-organization", "404");
    send(patch()).await.expect("an answer").expect(404);
}

#[tokio::test]
async fn a_deleted_organization_is_gone() {
    let tenant = Tenant::new().await;
    tenant.organization("o").await;
    assert_eq!(tenant.delete(&organizations("/o")).await.expect(204).text, "");
    tenant.get(&organizations("/o")).await.expect(404);
    tenant.delete(&organizations("/o")).await.expect(404);
}

#[tokio::test]
async fn an_organization_in_use_is_not_deleted() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(204);
    tenant.delete(&organizations("/biller")).await.expect(400);
    tenant.delete(&organizations("/invoice-cloud")).await.expect(400);
    tenant.switch("delete-organization-in-use", "orphan-pools");
    tenant.delete(&organizations("/biller")).await.expect(204);
    assert_eq!(tenant.get(&pools("/pool")).await.expect(200).at("/workspace_id"), "");
    assert_eq!(
        tenant
            .get(&identity("/system/workspace/biller/pools"))
            .await
            .at("/pools"),
        json!([])
    );
    assert_eq!(tenant.listed("pool").await, ["u-ann"]);
    tenant.organization("parent").await;
    let child = json!({ "id": "child", "name": "C", "parent_id": "parent" });
    tenant.post(&organizations(""), &child).await.expect(201);
    tenant.pool("pool-2", "child").await;
    tenant.switch("delete-organization-in-use", "cascade");
    tenant.delete(&organizations("/parent")).await.expect(204);
    tenant.get(&organizations("/child")).await.expect(404);
    tenant.get(&pools("/pool-2")).await.expect(404);
}

#[tokio::test]
async fn the_id_of_a_deleted_organization_is_free_or_reserved() {
    let tenant = Tenant::new().await;
    tenant.organization("o").await;
    tenant.delete(&organizations("/o")).await.expect(204);
    tenant.organization("o").await;
    tenant.switch("deleted-organization-id", "reserved");
    tenant.delete(&organizations("/o")).await.expect(204);
    tenant
        .post(&organizations(""), &json!({ "id": "o", "name": "N" }))
        .await
        .expect(409);
    tenant.get(&organizations("/o")).await.expect(404);
}
