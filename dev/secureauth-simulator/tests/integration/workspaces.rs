//! Row 116: workspaces and their applications.

use serde_json::json;

use crate::support::{TENANT, Tenant, organizations};

fn system(path: &str) -> String {
    format!("/api/system/{TENANT}/{path}")
}

#[tokio::test]
async fn workspaces_are_searched_by_id_or_name_and_paged() {
    let tenant = Tenant::new().await;
    let body = json!({ "id": "1876", "name": "Default & Sons" });
    tenant.post(&organizations(""), &body).await.expect(201);
    let found = tenant.get(&system("servers?search_phrase=1876")).await.expect(200);
    assert_eq!(found.at("/servers/0/id"), "1876");
    assert_eq!(found.at("/servers/0/type"), "organization");
    let kinds = [("default", "regular"), ("system", "system"), ("admin", "admin")];
    for (id, kind) in kinds {
        let found = tenant
            .get(&system(&format!("servers?search_phrase={id}&limit=100")))
            .await;
        let rows = found.at("/servers").as_array().cloned().unwrap_or_default();
        let named = rows.iter().find(|row| row["id"] == id).expect("is there");
        assert_eq!(named["type"], kind);
    }
    let by_name = tenant.get(&system("servers?search_phrase=default&limit=1")).await;
    assert_eq!(by_name.at("/servers/0/id"), "1876");
    let next = tenant
        .get(&system("servers?search_phrase=default&limit=1&after_server_id=1876"))
        .await;
    assert_eq!(next.at("/servers/0/id"), "default");
    let none = tenant.get(&system("servers?search_phrase=nowhere")).await;
    assert_eq!(none.at("/servers"), json!([]));
}

#[tokio::test]
async fn applications_are_listed_by_workspace() {
    let tenant = Tenant::new().await;
    let of_parent = tenant.get(&system("clients/invoice-cloud")).await.expect(200);
    assert_eq!(of_parent.at("/clients/0/authorization_server_id"), "invoice-cloud");
    let none = tenant.get(&system("clients/default")).await;
    assert_eq!(none.at("/clients"), json!([]));
    tenant.get(&system("clients/nowhere")).await.expect(404);
}
