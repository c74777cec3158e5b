use ic_secureauth_api::Workspace;
use serde_json::{Value, json as object};

use crate::support::{Server, TENANT, absent, golden, json, organization_id};

fn workspaces(ids: impl IntoIterator<Item = String>) -> Value {
    let row =
        |id| object!({ "id": id, "tenant_id": TENANT, "type": "regular", "subject_identifier_algorithm_salt": "x" });
    object!({ "servers": ids.into_iter().map(row).collect::<Vec<_>>() })
}

async fn workspace(server: &Server) -> Option<Workspace> {
    server.api().workspace(&organization_id("invoice")).await.unwrap()
}

#[tokio::test]
async fn a_workspace_is_searched_by_its_id_and_a_name_that_contains_it_is_another_one() {
    let answer = workspaces(["invoice-cloud".to_owned(), "invoice".to_owned()]);
    let server = Server::scripted([json(200, &answer)]).await;
    let found = workspace(&server).await.unwrap();
    golden(
        "list_workspaces",
        &server,
        object!({ "id": found.id, "kind": found.kind }),
    )
    .await;
    let server = Server::scripted([json(200, &workspaces(["invoice-cloud".to_owned()]))]).await;
    assert_eq!(workspace(&server).await, None);
}

#[tokio::test]
async fn a_workspace_behind_a_full_page_of_others_is_found() {
    let others = workspaces((100..200).map(|number| format!("a{number}")));
    let server = Server::scripted([json(200, &others), json(200, &workspaces(["invoice".to_owned()]))]).await;
    assert!(workspace(&server).await.is_some());
    let second = &server.requests().await[1];
    assert!(format!("{second:?}").contains("a199"));
}

#[tokio::test]
async fn applications_are_counted_without_those_of_secureauth_itself() {
    let id = organization_id("invoice-cloud");
    let own = object!({ "client_id": "portal", "client_secret": "x", "authorization_server_id": "invoice-cloud" });
    let system = object!({ "client_id": "portal", "system": true });
    let server = Server::scripted([json(200, &object!({ "clients": [own, system] }))]).await;
    let count = server.api().application_count(&id).await.unwrap();
    golden("list_applications", &server, object!(count)).await;
    let server = Server::scripted([json(200, &object!({ "clients": null }))]).await;
    assert_eq!(server.api().application_count(&id).await.unwrap(), Some(0));
    let server = Server::scripted([absent()]).await;
    assert_eq!(server.api().application_count(&id).await.unwrap(), None);
}
