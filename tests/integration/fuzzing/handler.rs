//! The handler in this process: its router over a SQLite file with billers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use biller_onboarding::boot::Boot;
use biller_onboarding::functions::router;
use biller_onboarding::settings::Environment;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::envelopes::of_post;

/// The billers in the CRM.
pub(super) const BILLERS: [&str; 4] = ["1001", "1002", "1003", "1004"];
/// Longer than any answer.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// An answer takes milliseconds, and a queue message whose run waits for SecureAuth some seconds.
const LONGEST: Duration = Duration::from_mins(1);

pub(super) struct Handler {
    router: Router,
    database: Connection,
    _folder: TempDir,
}

/// What the handler answered to the host.
pub(super) struct Answered {
    pub(super) status: u16,
    /// `Null` if it is no JSON.
    pub(super) envelope: Value,
    pub(super) length: usize,
}

impl Handler {
    /// With a SecureAuth that nothing listens for.
    pub(super) async fn start() -> Self {
        Self::with(&[("RETRY_ATTEMPTS", "1"), ("RUN_PAUSES", "1h")]).await
    }

    /// With these settings.
    pub(super) async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fuzz.db");
        let database = format!("sqlite:{}", path.display());
        let usual = [
            ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
            ("DATABASE", &database),
            ("SECUREAUTH_BASE_URL", "http://127.0.0.1:1"),
            ("SECUREAUTH_TENANT_ID", "dev-invoicecloud"),
            ("SECUREAUTH_PAYLOAD_SCHEMA_ID", "schema"),
            ("SECUREAUTH_CLIENT_ID", "client"),
            ("SECUREAUTH_CLIENT_SECRET", "secret"),
            ("SECOND_FACTOR_MECHANISMS", "none"),
        ];
        let boot = Boot::new(&Environment::of(usual.into_iter().chain(settings.iter().copied())), 1);
        assert!(boot.settings().is_ok(), "{:?}", boot.settings());
        let store = boot.database().await.unwrap();
        store.migrate().await.unwrap();
        store.create_sample_crm().await.unwrap();
        let database = Connection::open(&path).unwrap();
        for biller in BILLERS {
            let sql = "INSERT INTO crm_biller (biller_id, biller_name) VALUES (?1, 'City of Springfield')";
            database.execute(sql, [biller]).unwrap();
        }
        let boot = Arc::new(boot);
        let limits = boot.limits();
        Self {
            router: router(boot, limits, tokio_util::task::TaskTracker::new()),
            database,
            _folder: folder,
        }
    }

    /// Adds people to the first biller.
    pub(super) fn add_people(&self, number: usize) {
        for number in 0..number {
            let sql =
                "INSERT INTO crm_biller_user (biller_id, user_guid, user_name, first_name, last_name, email, status)
                       VALUES (?1, ?2, ?3, 'Jane', 'Doe', ?3 || '@example.com', 'active')";
            let guid = format!("7ef9451f-309a-4433-a2b9-{number:012}");
            self.database
                .execute(sql, [BILLERS[0], &guid, &format!("person-{number}")])
                .unwrap();
        }
    }

    /// Calls a function as the host does.
    pub(super) async fn call(&self, function: &str, envelope: impl Into<Body>) -> Answered {
        let request = Request::post(format!("/{function}"))
            .header("content-type", "application/json; charset=utf-8")
            .header("x-azure-functions-invocationid", "3f2a0000-0000-4000-8000-000000000000")
            .body(envelope.into());
        let answer = tokio::time::timeout(LONGEST, self.router.clone().oneshot(request.unwrap()));
        let Ok(answer) = answer.await.expect("an answer in time");
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), ANSWER_BYTES).await.unwrap();
        Answered {
            status,
            envelope: serde_json::from_slice(&bytes).unwrap_or_default(),
            length: bytes.len(),
        }
    }

    /// Calls the HTTP function with a good toggle event of the first biller.
    pub(super) async fn toggle(&self) -> Answered {
        let envelope = of_post(BILLERS[0], &body().to_string());
        self.call("function-onboard-biller", envelope.to_string()).await
    }

    /// The run's state; `None` if there is no such run.
    pub(super) fn state_of(&self, run: &str) -> Option<String> {
        let sql = "SELECT state FROM onboarding WHERE lower(onboarding_id) = lower(?1)";
        self.database.query_row(sql, [run], |row| row.get(0)).ok()
    }

    /// The runs that were answered with 202 are there, and no others.
    pub(super) fn has_only(&self, accepted: &BTreeSet<String>) -> Result<(), String> {
        let count = self
            .database
            .query_row("SELECT count(*) FROM onboarding", [], |row| row.get::<_, i64>(0));
        let (runs, expected) = (usize::try_from(count.unwrap()).unwrap(), accepted.len());
        match accepted.iter().find(|run| self.state_of(run).is_none()) {
            Some(run) => Err(format!("run {run} was answered with 202 and is not there")),
            None if runs != expected => Err(format!("{runs} runs are there, {expected} were answered with 202")),
            None => Ok(()),
        }
    }
}

impl Answered {
    /// The status that the HTTP caller gets; 0 if there is none.
    pub(super) fn http_status(&self) -> u64 {
        self.envelope["Outputs"]["res"]["statusCode"]
            .as_u64()
            .unwrap_or_default()
    }

    /// The body that the HTTP caller gets.
    pub(super) fn http_body(&self) -> Value {
        let text = self.envelope["Outputs"]["res"]["body"].as_str().unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The queue messages of the answer.
    pub(super) fn messages(&self) -> Vec<Value> {
        let messages = self.envelope["Outputs"]["migrateUsers"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let texts = messages.iter().filter_map(Value::as_str);
        texts
            .map(|text| serde_json::from_str(text).unwrap_or_default())
            .collect()
    }

    /// Why the real host would not understand the answer. A failed invocation is one that it understands: it delivers a message again.
    pub(super) fn misunderstood(&self) -> Option<String> {
        let logs = self.envelope["Logs"].as_array();
        let is_envelope = self.envelope["Outputs"].is_object() && logs.is_some();
        match (self.status, self.length) {
            (200, _) if is_envelope => None,
            (500, 0) => None,
            (status, length) => Some(format!("the host gets {status} with {length} bytes: {}", self.envelope)),
        }
    }
}

/// A good toggle event.
pub(super) fn body() -> Value {
    json!({ "source": "crm-toggle", "ciamEnabled": true, "requestedBy": "jane.doe", "eventId": "toggle-1" })
}
