use ic_secureauth_api::ClientAuthMethod;
use secrecy::SecretString;
use serde_json::json as object;

use crate::support::{Server, api, compare, json, organization_id, recorded, samples};

async fn exchange(auth_method: ClientAuthMethod) -> serde_json::Value {
    let server = Server::scripted([json(200, &samples::organization())]).await;
    let mut config = server.config();
    config.auth_method = auth_method;
    config.client_id = "a client".into();
    config.client_secret = SecretString::from("s:e/c+r%t");
    api(config).organization(&organization_id("1876")).await.unwrap();
    let sent = server.token_requests().await;
    assert_eq!(sent.len(), 1);
    object!({ "request": recorded(&sent[0]) })
}

#[tokio::test]
async fn a_client_registered_for_basic_sends_its_credentials_in_the_header() {
    compare("token_basic", &exchange(ClientAuthMethod::Basic).await);
}

#[tokio::test]
async fn a_client_registered_for_post_sends_its_credentials_in_the_body() {
    compare("token_post", &exchange(ClientAuthMethod::Post).await);
}

#[tokio::test]
async fn every_request_names_the_program_and_the_client() {
    let server = Server::scripted([json(200, &samples::organization())]).await;
    api(server.config())
        .organization(&organization_id("1876"))
        .await
        .unwrap();
    let mut all = server.requests().await;
    all.extend(server.token_requests().await);
    assert_eq!(all.len(), 2);
    for request in all {
        let name = request.headers["user-agent"].to_str().unwrap().to_owned();
        assert!(name.starts_with("tester/1.0 ic-secureauth-api/"), "{name}");
    }
}
