//! Runs curl lines.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::running::DEADLINE;

/// Runs a curl line as it is written. Returns the status and the body.
pub(super) fn run(line: &str) -> (String, String) {
    let output = Command::new("sh")
        .args(["-c", &format!("{line} -sS -w '\\n%{{http_code}}'")])
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.to_owned(), body.to_owned())
}

/// Toggles a biller to Yes. Returns the status.
pub(super) fn toggle(biller: &str) -> String {
    let body = r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"jane.doe"}"#;
    run(&format!(
        "curl -X POST {biller} -H 'Content-Type: application/json' -d '{body}'"
    ))
    .0
}

/// Asks for a biller's status until something holds of it. Returns the status.
pub(super) fn status_once(biller: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + DEADLINE;
    loop {
        let (_, answer) = run(&format!("curl {biller}"));
        let status: Value = serde_json::from_str(&answer).unwrap_or_default();
        if holds(&status) {
            return status;
        }
        assert!(Instant::now() < end, "waited in vain: {answer}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The status once the biller is active.
pub(super) fn active(biller: &str) -> Value {
    status_once(biller, |status| status["status"] == "active")
}

/// What the simulator holds of an organization.
pub(super) fn organization(secureauth: &str, id: &str) -> Value {
    let (status, inventory) = run(&format!("curl {secureauth}/admin/inventory"));
    assert_eq!(status, "200");
    let inventory: Value = serde_json::from_str(&inventory).unwrap();
    let mut organizations = inventory["organizations"].as_array().unwrap().iter();
    organizations.find(|it| it["id"] == id).unwrap().clone()
}
