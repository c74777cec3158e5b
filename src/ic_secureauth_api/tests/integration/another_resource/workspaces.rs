//! Workspaces and applications.

use serde_json::json as object;

use super::{biller, each, in_list, is_refused};
use crate::support::TENANT;

#[tokio::test]
async fn a_workspace_of_another_tenant_is_no_answer() {
    let own = object!({ "id": "1876", "tenant_id": TENANT });
    let answers = in_list("servers", each(&own, &["/tenant_id"]));
    is_refused("list_workspaces", 200, answers, |api| async move {
        api.workspace(&biller()).await
    })
    .await;
}

#[tokio::test]
async fn applications_of_another_tenant_or_workspace_are_no_answer() {
    let own = object!({ "client_id": "a", "tenant_id": TENANT, "authorization_server_id": "1876" });
    let answers = in_list("clients", each(&own, &["/tenant_id", "/authorization_server_id"]));
    is_refused("list_applications", 200, answers, |api| async move {
        api.application_count(&biller()).await
    })
    .await;
}
