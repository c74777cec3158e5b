//! A well-formed answer about another resource is an error, for reads and for writes.

mod organizations;
mod others;
mod pools;
mod users;
mod workspaces;

use std::future::Future;

use ic_secureauth_api::{Api, ApiError, Class, ErrorKind, OrganizationId};
use serde_json::{Value, json as object};

use crate::support::{
    Captured, RUN, Server, api, json, organization_id, reply,
    samples::{self, pool_of_samples, user_id},
};

const FOREIGN: &str = "FOREIGN-9999";

/// The sample with one member changed.
fn with(mut sample: Value, pointer: &str, value: impl Into<Value>) -> Value {
    if sample.pointer(pointer).is_none() {
        sample[&pointer[1..]] = Value::Null;
    }
    *sample.pointer_mut(pointer).unwrap() = value.into();
    sample
}

/// Copies of a sample, each with one member that belongs to another resource.
fn each(sample: &Value, members: &[&str]) -> Vec<(String, Value)> {
    let one = |member: &&str| {
        (
            member.trim_start_matches('/').to_owned(),
            with(sample.clone(), member, FOREIGN),
        )
    };
    members.iter().map(one).collect()
}

fn in_list(array: &str, rows: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let list = |(member, row): (String, Value)| (member, object!({ array: [row] }));
    rows.into_iter().map(list).collect()
}

/// Makes the call once per answer. Each has to fail with a mismatch of its member.
async fn is_refused<T: std::fmt::Debug, F: Future<Output = Result<T, ApiError>>>(
    name: &str,
    status: u16,
    answers: Vec<(String, Value)>,
    call: impl Fn(Api) -> F,
) {
    for (member, answer) in answers {
        let server = Server::scripted([json(status, &answer)]).await;
        let error = call(server.api()).await.expect_err(&member);
        assert_mismatch(&error, name, &member);
        assert_eq!(server.requests().await.len(), 1, "{name}: {member}");
    }
}

fn assert_mismatch(error: &ApiError, name: &str, member: &str) {
    let ErrorKind::UnusableAnswer { mismatch, .. } = error.kind() else {
        panic!("{name} {member}: {error}");
    };
    assert_eq!(*mismatch, Some(member), "{name}: {error}");
    assert_eq!(error.class(), Class::Retry { after: None });
    assert_eq!(error.outcome_unknown(), error.operation().mutates(), "{name}: {error}");
    let shown = format!("{error} {error:?}");
    assert!(shown.contains(name) && shown.contains(member), "{shown}");
    assert!(!shown.contains(FOREIGN), "{shown}");
}

fn biller() -> OrganizationId {
    organization_id("1876")
}

#[tokio::test]
async fn members_that_are_left_out_are_no_mismatch() {
    let server = Server::scripted([json(200, &object!({ "id": "1876" }))]).await;
    assert!(server.api().organization(&biller()).await.unwrap().is_some());
    let server = Server::scripted([json(
        200,
        &object!({ "id": samples::POOL, "tenant_id": "", "workspace_id": null }),
    )])
    .await;
    assert!(server.api().pool(&pool_of_samples()).await.unwrap().is_some());
    let server = Server::scripted([json(200, &object!({ "id": samples::USER }))]).await;
    assert!(
        server
            .api()
            .user(&pool_of_samples(), &user_id())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_logged_with_what_support_needs() {
    let captured = Captured::start();
    let server = Server::scripted([
        json(200, &with(samples::organization(), "/id", FOREIGN)).insert_header("x-trace-id", "trace-1"),
        reply(200).set_body_string("<html>"),
    ])
    .await;
    let api = api(server.config());
    api.organization(&biller()).await.unwrap_err();
    api.organization(&biller()).await.unwrap_err();
    let failed = captured.events("SecureAuth call failed");
    assert_eq!(failed.len(), 2);
    assert_eq!(
        (
            &failed[0]["operation"],
            &failed[0]["secureauth_trace_id"],
            &failed[0]["correlation_id"]
        ),
        (&object!("get_organization"), &object!("trace-1"), &object!(RUN))
    );
    let cause = failed[0]["cause"].as_str().unwrap();
    assert_eq!(
        cause,
        "answered 200 about another resource: id is not the one requested"
    );
    assert!(!captured.text().contains(FOREIGN));
}
