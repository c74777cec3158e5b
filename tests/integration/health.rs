//! `GET /api/health` and `GET /api/health/ready`, against the document and against what is broken.

use local_stack::{FrontDoor, HttpAnswer, Stack};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::openapi::Document;
use crate::operating::host_with;
use crate::support::{Outcome, options};

const CHECKS: [&str; 5] = ["settings", "vault", "database", "schema", "token"];

async fn get(base: &str, path: &str) -> Result<HttpAnswer, reqwest::Error> {
    FrontDoor::new(base.to_owned())?.get(path).await
}

/// The answer of a stack's readiness, which has to be as documented.
async fn ready(base: &str) -> Result<(u16, Value), reqwest::Error> {
    let answer = get(base, "/api/health/ready").await?;
    assert_eq!(Document::read().differences("readiness", &answer), Vec::<String>::new());
    Ok((answer.status, answer.json))
}

/// The settings of a stack's handler, for another one.
fn of(stack: &Stack) -> Vec<(&str, &str)> {
    let settings = stack.handler().settings().iter();
    settings.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The checks before this one passed, and those behind it were not made.
fn fails_at(failed: &str) -> Value {
    let place = CHECKS.iter().position(|check| *check == failed);
    let word = |number| match Some(number).cmp(&place) {
        std::cmp::Ordering::Less => "ok",
        std::cmp::Ordering::Equal => "failed",
        std::cmp::Ordering::Greater => "not_checked",
    };
    let checks = CHECKS
        .iter()
        .enumerate()
        .map(|(number, check)| ((*check).to_owned(), json!(word(number))));
    Value::Object(checks.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_may_ask_whether_the_handler_answers_and_which_build_it_is() -> Outcome {
    let unset = host_with(&[("DATABASE", "oracle")]).await?;
    let answer = get(&unset.base_url(), "/api/health").await?;
    assert_eq!(answer.status, 200);
    assert_eq!(Document::read().differences("health", &answer), Vec::<String>::new());
    assert_eq!(answer.json["version"], env!("CARGO_PKG_VERSION"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_is_ready_when_settings_vault_database_schema_and_token_are_there() -> Outcome {
    let stack = Stack::start(options()).await?;
    let (status, body) = ready(stack.front_door().base_url()).await?;
    assert_eq!((status, &body["ready"]), (200, &json!(true)));
    assert!(CHECKS.iter().all(|check| body["checks"][check] == "ok"), "{body}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_thing_that_is_missing_is_named_and_nothing_behind_it_is_looked_at() -> Outcome {
    let unset = host_with(&[("DATABASE", "oracle")]).await?;
    let (status, body) = ready(&unset.base_url()).await?;
    assert_eq!((status, &body["checks"]), (503, &fails_at("settings")));

    let stack = Stack::start(options().set("SECUREAUTH_CLIENT_SECRET", "another")).await?;
    let (status, body) = ready(stack.front_door().base_url()).await?;
    assert_eq!((status, &body["checks"]), (503, &fails_at("token")));

    // Readiness is a matter of now, not of the time when the handler was built.
    let stack = Stack::start(options()).await?;
    assert_eq!(ready(stack.front_door().base_url()).await?.0, 200);
    let database = Connection::open(stack.database().path())?;
    database.execute(
        "INSERT INTO schema_version SELECT 99, applied_at, script_hash, 99 FROM schema_version",
        [],
    )?;
    let (status, body) = ready(stack.front_door().base_url()).await?;
    assert_eq!((status, &body["checks"]), (503, &fails_at("schema")));
    let newer = host_with(&of(&stack)).await?;
    assert_eq!(ready(&newer.base_url()).await?.1["checks"], fails_at("schema"));
    Ok(())
}
