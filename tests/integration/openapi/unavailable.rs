//! Provokes the answers that depend on settings, database, vault and host.

use std::time::Duration;

use functions_host::{FunctionsHost, HostOptions, Keys};
use local_stack::{FrontDoor, HttpAnswer, Stack};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::Answers;
use crate::envelopes::of_get;
use crate::operating::{host_with, options_with};
use crate::support::{DEADLINE, handler_port, lock_database, options, stack_with, start};

/// GET and POST of a biller.
async fn both(door: &FrontDoor) -> Answers {
    let (get, post) = (door.status("1876").await?, door.toggle("1876", true).await?);
    Ok(vec![("get", get), ("post", post)])
}

/// 503: settings, vault and database.
pub(super) async fn of_settings_and_database() -> Answers {
    let unset = host_with(&[("DATABASE", "oracle")]).await?;
    let mut all = both(&FrontDoor::new(unset.base_url())?).await?;

    let stack = stack_with("1876", 1).await?;
    let vault = host_with(&of_a_vault_that_is_not_there(&stack)).await?;
    all.extend(both(&FrontDoor::new(vault.base_url())?).await?);

    let database = Connection::open(stack.database().path())?;
    let newer = "INSERT INTO schema_version SELECT 99, applied_at, script_hash, 99 FROM schema_version";
    database.execute(newer, [])?;
    let newer = host_with(&settings(&stack)).await?;
    all.extend(both(&FrontDoor::new(newer.base_url())?).await?);

    let stack = start(options().set("DATABASE_BUSY_TIMEOUT", "300ms"), "1876", 1).await?;
    let _locked = lock_database(&stack)?;
    all.push(("post", stack.front_door().toggle("1876", true).await?));

    let patient = options().set("DATABASE_BUSY_TIMEOUT", "1m");
    let stack = start(patient.set("HTTP_DEADLINE", "300ms"), "1876", 1).await?;
    let _locked = lock_database(&stack)?;
    all.push(("post", stack.front_door().toggle("1876", true).await?));
    Ok(all)
}

fn settings(stack: &Stack) -> Vec<(&str, &str)> {
    let settings = stack.handler().settings();
    settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn of_a_vault_that_is_not_there(stack: &Stack) -> Vec<(&str, &str)> {
    let mut settings = settings(stack);
    settings.retain(|(name, _)| !name.starts_with("SECUREAUTH_CLIENT_"));
    settings.push(("KEY_VAULT_URL", "https://127.0.0.1:9"));
    settings
}

/// 401, 405 and 500: what the host answers itself, or would let through with another `function.json`.
pub(super) async fn of_the_host() -> Answers {
    let keys = Keys {
        function: "f".into(),
        master: "m".into(),
    };
    let closed = FunctionsHost::start(HostOptions {
        keys: Some(keys),
        ..options_with(&[])
    })
    .await?;
    closed.wait_until_ready(DEADLINE).await?;
    let mut all = both(&FrontDoor::new(closed.base_url())?).await?;

    let stack = start(options().set("DATABASE_BUSY_TIMEOUT", "1m"), "1876", 1).await?;
    let other_method = put(&stack).await?;
    all.extend([("get", other_method.clone()), ("post", other_method)]);
    all.push(("post", of_a_handler_that_dies(&stack).await?));
    Ok(all)
}

/// The answer to a PUT, as a host would pass it on that lets other methods through.
async fn put(stack: &Stack) -> Result<HttpAnswer, Box<dyn std::error::Error>> {
    let url = format!(
        "http://127.0.0.1:{}/function-onboard-biller",
        handler_port(stack).await?
    );
    let mut envelope = of_get("billers/1876/ciam", &json!({ "billerId": "1876" }));
    envelope["Data"]["req"]["Method"] = json!("PUT");
    let client = reqwest::Client::builder().no_proxy().build()?;
    let answer: Value = client.post(url).json(&envelope).send().await?.json().await?;
    let output = &answer["Outputs"]["res"];
    let mut headers = HeaderMap::new();
    for (name, value) in output["headers"].as_object().expect("has headers") {
        let value = HeaderValue::from_str(value.as_str().expect("is a text"))?;
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, value);
    }
    let text = output["body"].as_str().expect("is a text").to_owned();
    Ok(HttpAnswer {
        status: u16::try_from(output["statusCode"].as_u64().expect("is a number"))?,
        headers,
        json: serde_json::from_str(&text)?,
        text,
    })
}

/// The answer to a POST that waits for the database when the handler is killed.
async fn of_a_handler_that_dies(stack: &Stack) -> Result<HttpAnswer, Box<dyn std::error::Error>> {
    let _locked = lock_database(stack)?;
    let mut answer = Box::pin(stack.front_door().toggle("1876", true));
    for _ in 0..100 {
        // A kill may come before the request has reached the handler.
        match tokio::time::timeout(Duration::from_millis(300), &mut answer).await {
            Ok(answer) => return Ok(answer?),
            Err(_) => stack.host().kill_handler().await,
        }
    }
    Err("no kill came while the handler had the request".into())
}
