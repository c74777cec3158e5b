//! Ids, identifiers and addresses that are taken: rows 69 to 71 and 74.

use serde_json::json;

use super::chunk;
use crate::support::{Chunk, TENANT, Tenant, pools};

#[tokio::test]
async fn an_identifier_belongs_to_one_user_of_the_pool() {
    let tenant = Tenant::with_pool(&[]).await;
    tenant.import(&chunk().user("ann")).await.expect(204);
    let same = chunk().bare_user("u-2").identifier("i-2", "u-2", "ANN");
    tenant.refused(&same, 409).await;
    let email = same.clone().set("user_identifiers", "type", json!("external"));
    tenant.refused(&email, 409).await;
    tenant.switch("identifier-conflict", "422");
    tenant.refused(&same, 422).await;
    let exact = json!({ "id": "exact", "name": "E", "tenant_id": TENANT, "workspace_id": "biller" });
    tenant.post(&pools(""), &exact).await.expect(201);
    let other_pool = Chunk::new("exact")
        .bare_user("e-1")
        .identifier("e-1", "e-1", "ann")
        .bare_user("e-2")
        .identifier("e-2", "e-2", "ANN");
    tenant.import(&other_pool).await.expect(204);
}

#[tokio::test]
async fn a_duplicate_inside_one_payload_is_a_conflict() {
    let tenant = Tenant::with_pool(&[]).await;
    let duplicates = [
        chunk().user("ann").bare_user("u-ann"),
        chunk().user("ann").bare_user("u-2").identifier("i-2", "u-2", "ann"),
        chunk().user("ann").bare_user("u-2").identifier("i-ann", "u-2", "other"),
    ];
    for duplicate in &duplicates {
        tenant.refused(duplicate, 409).await;
    }
    tenant.switch("duplicate-in-payload", "422");
    for duplicate in &duplicates {
        tenant.refused(duplicate, 422).await;
    }
}

#[tokio::test]
async fn a_verified_address_belongs_to_one_user_and_an_unverified_one_to_many() {
    let tenant = Tenant::with_pool(&[]).await;
    let shared = |user: &str, verified: bool| {
        chunk()
            .bare_user(user)
            .address(&format!("a-{user}"), user, "shared@example.com", verified)
    };
    tenant.import(&shared("u1", false)).await.expect(204);
    tenant.import(&shared("u2", false)).await.expect(204);
    tenant.import(&shared("u3", true)).await.expect(204);
    tenant.refused(&shared("u4", true), 409).await;
    tenant.import(&shared("u4", false)).await.expect(204);
    let identifier = chunk().bare_user("u5").identifier("i-u5", "u5", "taken@example.com");
    tenant.import(&identifier).await.expect(204);
    let taken = chunk().bare_user("u6").address("a-u6", "u6", "taken@example.com", true);
    tenant.refused(&taken, 409).await;
    tenant.switch("verified-address-conflict", "422");
    tenant.refused(&taken, 422).await;
}

#[tokio::test]
async fn a_user_id_of_another_pool_is_refused_moved_or_separate() {
    let tenant = Tenant::with_pool(&[]).await;
    tenant.pool("pool-2", "biller").await;
    tenant.import(&chunk().user("ann")).await.expect(204);
    let elsewhere = Chunk::new("pool-2").user("ann");
    tenant.import(&elsewhere).await.expect(409);
    tenant.switch("user-id-in-other-pool", "separate");
    tenant.import(&elsewhere).await.expect(204);
    assert_eq!(
        (tenant.listed("pool").await, tenant.listed("pool-2").await),
        (vec!["u-ann".to_owned()], vec!["u-ann".to_owned()])
    );
    tenant.import(&chunk().user("bob")).await.expect(204);
    tenant.switch("user-id-in-other-pool", "moved");
    tenant.import(&Chunk::new("pool-2").user("bob")).await.expect(204);
    assert_eq!(tenant.listed("pool").await, ["u-ann"]);
    assert_eq!(tenant.listed("pool-2").await, ["u-ann", "u-bob"]);
}
