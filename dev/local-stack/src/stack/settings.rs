//! The handler's settings in a stack: what takes seconds or minutes in production is short.

use std::collections::BTreeMap;
use std::path::Path;

use secureauth_simulator::{Client, Simulator};

/// The payload schema for billers' users that the simulator has from the start.
const PAYLOAD_SCHEMA_ID: &str = "5d5ced58793b41178123b2d1cc5fb658";

/// Pauses are short. Deadlines are short too, because a rollback waits for the longest of them. So on a slow machine a
/// call may be given up and repeated (see [`StackOptions::patient`](crate::StackOptions::patient)). Times that count
/// only when something is lost (leases, repeated messages, time limits) are long enough for a slow machine.
const SHORT: [(&str, &str); 23] = [
    ("SECUREAUTH_CONNECT_DEADLINE", "1s"),
    ("SECUREAUTH_CRUD_DEADLINE", "2s"),
    ("SECUREAUTH_IMPORT_DEADLINE", "2s"),
    ("SECUREAUTH_TOKEN_DEADLINE", "2s"),
    ("RETRY_FIRST", "20ms"),
    ("RETRY_MAX", "200ms"),
    ("RETRY_AFTER_CAP", "1s"),
    ("FORBIDDEN_PAUSE", "20ms"),
    ("RUN_PAUSES", "100ms, 200ms"),
    ("ROLLBACK_PAUSES", "200ms"),
    ("ROLLBACK_TIME_LIMIT", "10m"),
    ("LEASE", "30s"),
    ("HEARTBEAT", "1s"),
    ("CALL_MARGIN", "100ms"),
    ("RESEND_FIRST", "5s"),
    ("RESEND_LONGEST", "10s"),
    ("NO_SLOT_PAUSE", "100ms"),
    ("RECHECK_AFTER", "300ms"),
    ("CRASH_PAUSE", "100ms"),
    ("VERIFY_PAUSES", "50ms, 100ms, 200ms, 500ms, 1s"),
    ("DATABASE_BUSY_TIMEOUT", "10s"),
    ("SECOND_FACTOR_MECHANISMS", "none"),
    ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
];

/// The settings for this database file and this simulator.
pub(super) fn for_development(
    database: &Path,
    simulator: &Simulator,
    client: Option<&Client>,
) -> BTreeMap<String, String> {
    let (id, secret) = client.map_or(("", ""), |client| (&client.id, &client.secret));
    let own = [
        ("DATABASE", format!("sqlite:{}", database.display())),
        ("SECUREAUTH_BASE_URL", simulator.base_url()),
        ("SECUREAUTH_TENANT_ID", simulator.tenant().to_owned()),
        ("SECUREAUTH_PAYLOAD_SCHEMA_ID", PAYLOAD_SCHEMA_ID.to_owned()),
        ("SECUREAUTH_CLIENT_ID", id.to_owned()),
        ("SECUREAUTH_CLIENT_SECRET", secret.to_owned()),
    ];
    let short = SHORT.map(|(name, value)| (name, value.to_owned()));
    let all = short.into_iter().chain(own);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}
