use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::settings::Environment;

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-11-21 12:00:00.25 UTC)
    }
}

/// A writer that keeps what was logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).unwrap()
    }
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(settings: &[(&str, &str)], work: impl FnOnce()) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let log = Log::of(&Environment::of(settings.iter().copied()));
    let subscriber = subscriber(&log, Arc::new(Noon), move || writer.clone());
    tracing::subscriber::with_default(subscriber, work);
    kept.text()
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_severity_is_the_one_that_application_insights_would_give() {
    let text = logged(&[("LOG_LEVEL", "debug")], || {
        tracing::debug!("a");
        tracing::info!("b");
        tracing::warn!("c");
        tracing::error!(severity = 0, "d");
    });
    let severities: Vec<Value> = objects(&text).iter().map(|line| line["severity"].clone()).collect();
    assert_eq!(severities, [json!(0), json!(1), json!(2), json!(3)]);
}

#[test]
fn a_line_has_time_level_severity_target_and_message_first() {
    let text = logged(&[], || tracing::info!(users = 3, "imported"));
    assert_eq!(
        text,
        "{\"time\":\"2026-11-21T12:00:00.25Z\",\"level\":\"INFO\",\"severity\":1,\"target\":\"biller_onboarding::telemetry::tests\",\
         \"message\":\"imported\",\"users\":3}\n"
    );
}

#[test]
fn a_line_has_its_own_fields_and_those_of_the_spans_around_it() {
    let text = logged(&[], || {
        let invocation = tracing::info_span!("invocation", invocation_id = "i", trace_id = "t", step = "none");
        let _invocation = invocation.enter();
        let run = tracing::info_span!("run", onboarding_id = "o", biller_id = tracing::field::Empty);
        run.record("biller_id", "1876");
        let _run = run.enter();
        tracing::warn!(step = "sync_users", attempt = 2_u64, last = false, "refused");
    });
    let [line] = objects(&text).try_into().unwrap();
    let expected = json!({
        "time": "2026-11-21T12:00:00.25Z", "level": "WARN", "severity": 2, "target": "biller_onboarding::telemetry::tests",
        "message": "refused", "invocation_id": "i", "trace_id": "t", "onboarding_id": "o", "biller_id": "1876",
        "step": "sync_users", "attempt": 2, "last": false,
    });
    assert_eq!(line, expected);
}

#[test]
fn no_field_or_message_can_forge_a_line_or_a_level() {
    let text = logged(&[], || {
        tracing::info!(level = "ERROR", name = "a\n{\"level\":\"ERROR\"}", "one\ntwo");
    });
    let [line] = objects(&text).try_into().unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["message"], "one\ntwo");
}

#[derive(Debug, thiserror::Error)]
#[error("no token")]
struct NoToken(#[source] io::Error);

#[test]
fn an_error_is_logged_with_its_causes() {
    let text = logged(&[], || {
        let error = NoToken(io::Error::other("connection refused"));
        tracing::error!(error = &error as &(dyn std::error::Error + 'static), "no database");
    });
    assert_eq!(objects(&text)[0]["error"], "no token: connection refused");
}

#[test]
fn log_level_chooses_which_lines_are_logged() {
    let work = || {
        tracing::debug!("chunk");
        tracing::info!("time slice");
    };
    assert_eq!(logged(&[], work).lines().count(), 1);
    assert_eq!(logged(&[("LOG_LEVEL", "debug")], work).lines().count(), 2);
    assert_eq!(logged(&[("LOG_LEVEL", "warn")], work).lines().count(), 0);
}

#[test]
fn lines_in_text_format_have_the_ids_too() {
    let text = logged(&[("LOG_FORMAT", "text")], || {
        let _run = tracing::info_span!("run", onboarding_id = "o").entered();
        tracing::info!(users = 3, "imported");
    });
    assert!(
        text.starts_with("12:00:00.250  INFO run{onboarding_id=\"o\"}"),
        "{text}"
    );
    assert!(text.ends_with("imported users=3\n"), "{text}");
}
