//! 403 without a missing scope (rows 120 to 123).

use std::time::Duration;

use secureauth_simulator::{Fault, FaultKind};
use serde_json::json;

use crate::support::{Chunk, TENANT, Tenant, eventually, organizations, pools};

#[tokio::test]
async fn a_burst_is_forbidden_until_its_bucket_is_full_again() {
    let tenant = Tenant::with(&[("forbidden-bursts", "1/10000/2")]).await;
    let path = organizations("/invoice-cloud");
    tenant.get(&path).await.expect(200);
    tenant.get(&path).await.expect(200);
    let refused = tenant.get(&path).await.expect(403);
    assert_eq!(refused.at("/error_code"), "request_forbidden");
    assert!(refused.header("retry-after").is_none());
    tenant.get(&pools("")).await.expect(200);
    tenant.simulator.advance(Duration::from_secs(12));
    tenant.get(&path).await.expect(403);
    tenant.simulator.advance(Duration::from_secs(20));
    tenant.get(&path).await.expect(200);
    tenant.switch("forbidden-bursts", "off");
    tenant.get(&path).await.expect(200);
    tenant.get(&path).await.expect(200);
}

#[tokio::test]
async fn a_403_has_two_forms_and_a_missing_scope_two_codes() {
    let mut tenant = Tenant::new().await;
    let token = tenant.new_token("identity").await;
    tenant.use_token(&token);
    let code = async |tenant: &Tenant, member: &str| tenant.get(&organizations("")).await.expect(403).at(member);
    assert_eq!(code(&tenant, "/error_code").await, "forbidden");
    tenant.switch("scope-error-code", "request_forbidden");
    assert_eq!(code(&tenant, "/error_code").await, "request_forbidden");
    tenant.switch("forbidden-body", "rfc6749");
    assert_eq!(code(&tenant, "/error").await, "request_forbidden");
    assert!(code(&tenant, "/error_code").await.is_null());
}

#[tokio::test]
async fn a_second_import_is_allowed_or_forbidden() {
    let tenant = Tenant::with_pool(&[]).await;
    let first = Chunk::new("pool").user("anna");
    let second = Chunk::new("pool").user("bert");
    for (value, status) in [("allowed", 200), ("refused", 403)] {
        tenant.switch("concurrent-import", value);
        let faults = tenant.simulator.faults();
        let kind = FaultKind::Hold { after_effect: false };
        let hold = faults.add(Fault::on("import_identity_configuration", kind).times(1));
        let is_held = async || faults.list().iter().any(|fault| fault.id == hold && fault.held == 1);
        let other = async {
            eventually("the first import is held", is_held).await;
            let answer = tenant.import(&second).await;
            assert_eq!(answer.status == 403, status == 403, "{answer:?}");
            assert!(faults.remove(hold));
        };
        let (import, ()) = tokio::join!(tenant.import(&first), other);
        assert!(import.status < 300, "{import:?}");
    }
    assert!(tenant.import(&second).await.status < 300, "the other one has ended");
}

#[tokio::test]
async fn a_new_workspace_is_forbidden_for_a_while() {
    let tenant = Tenant::with(&[("new-workspace-forbidden-ms", "5000")]).await;
    tenant.organization("biller").await.expect(201);
    let refused = tenant.get(&organizations("/biller")).await.expect(403);
    assert_eq!(refused.at("/error_code"), "request_forbidden");
    let pool = json!({ "id": "pool", "name": "Pool", "tenant_id": TENANT, "workspace_id": "biller" });
    tenant.post(&pools(""), &pool).await.expect(403);
    tenant.get(&organizations("/invoice-cloud")).await.expect(200);
    tenant.simulator.advance(Duration::from_secs(5));
    tenant.get(&organizations("/biller")).await.expect(200);
    tenant.post(&pools(""), &pool).await.expect(201);
}
