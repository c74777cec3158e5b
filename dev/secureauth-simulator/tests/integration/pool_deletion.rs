//! Identity pools that are deleted: rows 47 and 48.

use std::time::Duration;

use crate::pools::{body, idps};
use crate::support::{Chunk, Tenant, organizations, pools};

#[tokio::test]
async fn a_pool_deleted_without_its_idp_leaves_it_dangling() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant.delete(&pools("/pool")).await.expect(204);
    assert_eq!(idps(&tenant, "biller").await[0]["identity_pool_id"], "pool");
    assert!(tenant.simulator.inventory().idps[0].dangling);
    tenant.pool("pool-2", "biller").await;
    tenant.delete(&pools("/pool-2?with_idp=true")).await.expect(204);
    assert_eq!(idps(&tenant, "biller").await.len(), 1);
    tenant.switch("delete-leaves-idp", "off");
    tenant.pool("pool-3", "biller").await;
    tenant.delete(&pools("/pool-3")).await.expect(204);
    assert_eq!(idps(&tenant, "biller").await.len(), 1);
}

#[tokio::test]
async fn a_deleted_pool_takes_its_users_with_it() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(204);
    tenant.delete(&pools("/pool")).await.expect(204);
    for path in [pools("/pool"), pools("/pool/users"), pools("/pool/users/u-ann")] {
        tenant.get(&path).await.expect(404);
    }
    tenant.delete(&pools("/pool")).await.expect(404);
    tenant.pool("pool", "biller").await;
    assert_eq!(tenant.listed("pool").await, Vec::<String>::new());
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(204);
}

#[tokio::test]
async fn a_deleted_pool_may_stay_until_it_is_purged_and_keep_its_id() {
    let tenant = Tenant::with(&[("pool-purge-ms", "5000"), ("pool-tombstone", "on")]).await;
    tenant.biller().await;
    tenant.delete(&pools("/pool")).await.expect(204);
    assert_eq!(tenant.get(&pools("/pool")).await.expect(200).at("/deleted"), true);
    tenant.get(&pools("/pool/users")).await.expect(404);
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(404);
    tenant.simulator.advance(Duration::from_secs(6));
    tenant.get(&pools("/pool")).await.expect(404);
    tenant.post(&pools(""), &body("pool")).await.expect(409);
    tenant.switch("pool-tombstone", "off");
    tenant.post(&pools(""), &body("other")).await.expect(201);
}

#[tokio::test]
async fn a_purged_pool_is_gone_whoever_looks_first() {
    let tenant = Tenant::with(&[("pool-purge-ms", "5000")]).await;
    tenant.biller().await;
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(204);
    tenant.organization("other").await;
    tenant.pool("pool-2", "other").await;
    tenant.delete(&pools("/pool")).await.expect(204);
    tenant.delete(&organizations("/biller")).await.expect(400);
    tenant.simulator.advance(Duration::from_secs(6));
    tenant.delete(&organizations("/biller")).await.expect(204);
    assert!(tenant.simulator.inventory().other_pools.is_empty());
    tenant.import(&Chunk::new("pool-2").user("ann")).await.expect(204);
}
