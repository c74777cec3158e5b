//! Sends the bodies of recorded imports again: the fastest that this simulator can be used with the same bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::CONTENT_TYPE;
use secureauth_simulator::{CallRecord, Options, Seed, Simulator};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{IMPORT, Phases, SLOTS, delay_imports};
use crate::error::BenchError;

const ORGANIZATION: &str = "replay";
const PAYLOAD_SCHEMA: &str = "5d5ced58793b41178123b2d1cc5fb658";

/// Sends the imports of `calls` to a new simulator, a window of 8 in flight.
pub(crate) async fn replay(calls: Vec<CallRecord>, latency_ms: u64) -> Result<Phases, BenchError> {
    let failed = |what: &str| BenchError::Simulator(what.to_owned());
    let imports = calls
        .into_iter()
        .filter(|call| call.operation.as_deref() == Some(IMPORT));
    let bodies: VecDeque<String> = imports.filter_map(|call| call.body).collect();
    let pool = bodies.front().and_then(|body| pool_of(body));
    let pool = pool.ok_or_else(|| failed("no import was recorded"))?;

    let simulator = Simulator::start(Options::default()).map_err(|error| BenchError::Simulator(error.to_string()))?;
    let organization = json!({ "id": ORGANIZATION, "name": "Replay", "parent_id": "invoice-cloud" });
    let pool = json!({
        "id": pool, "name": "Replay", "workspace_id": ORGANIZATION, "payload_schema_id": PAYLOAD_SCHEMA,
        "identifier_case_insensitive": true,
    });
    let seed = Seed::default().organization(&organization).pool(&pool);
    simulator
        .seed(seed)
        .map_err(|error| BenchError::Simulator(error.to_string()))?;
    delay_imports(&simulator, latency_ms);

    let client = reqwest::Client::builder().no_proxy().build()?;
    let token = token(&client, &simulator).await?;
    let token = token.ok_or_else(|| failed("no token"))?;
    let url = format!(
        "{}/api/identity/{}/configuration",
        simulator.base_url(),
        simulator.tenant()
    );
    let bodies = Arc::new(Mutex::new(bodies));
    let mut window = JoinSet::new();
    for _ in 0..SLOTS {
        let (client, url, token, bodies) = (client.clone(), url.clone(), token.clone(), Arc::clone(&bodies));
        window.spawn(async move {
            while let Some(body) = next(&bodies) {
                let request = client
                    .put(&url)
                    .bearer_auth(&token)
                    .header(CONTENT_TYPE, "application/json");
                request.body(body).send().await?.error_for_status()?;
            }
            Ok::<(), reqwest::Error>(())
        });
    }
    while let Some(ended) = window.join_next().await {
        ended.map_err(|error| BenchError::Simulator(error.to_string()))??;
    }
    Phases::of(&simulator.calls()).ok_or_else(|| failed("no import was answered"))
}

fn next(bodies: &Mutex<VecDeque<String>>) -> Option<String> {
    bodies.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

fn pool_of(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    body.pointer("/users/0/user_pool_id")?.as_str().map(str::to_owned)
}

async fn token(client: &reqwest::Client, simulator: &Simulator) -> reqwest::Result<Option<String>> {
    let url = format!("{}/{}/system/oauth2/token", simulator.base_url(), simulator.tenant());
    let client_of_tenant = Options::default().clients.into_iter().next();
    let Some(credentials) = client_of_tenant else {
        return Ok(None);
    };
    let request = client.post(url).basic_auth(credentials.id, Some(credentials.secret));
    let answer = request.form(&[("grant_type", "client_credentials")]).send().await?;
    let answer: Value = answer.json().await?;
    Ok(answer.get("access_token").and_then(Value::as_str).map(str::to_owned))
}
