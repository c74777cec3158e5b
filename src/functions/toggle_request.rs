//! The body of `POST /api/billers/{billerId}/ciam` (T1, T2), parsed at the edge.

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::domain::ids::{EventId, RequestedBy};
use crate::domain::toggle_event::Source;

/// What the CRM sends. Unknown members are refused by name.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ToggleRequest {
    #[serde(deserialize_with = "source")]
    pub(super) source: Source,
    pub(super) ciam_enabled: bool,
    pub(super) requested_by: RequestedBy,
    #[serde(default)]
    pub(super) event_id: Option<EventId>,
}

/// What each member must be, for the answer to a request in which it is not.
const MEMBERS: [(&str, &str); 4] = [
    ("source", "must be \"crm-toggle\" or \"biller-wizard\""),
    ("ciamEnabled", "must be true or false"),
    (
        "requestedBy",
        "must be a text of 1 to 256 characters, not blank, without control characters",
    ),
    (
        "eventId",
        "must be a text of 1 to 128 characters, not blank, without control characters, or left out",
    ),
];

impl ToggleRequest {
    /// # Errors
    /// A 400 that names the first member that is wrong and what is expected of it, never its value.
    pub(super) fn parse(body: Option<&str>) -> Result<Self, Problem> {
        let Some(body) = body.filter(|body| !body.trim().is_empty()) else {
            let detail = "a JSON body sent with Content-Length is required";
            return Err(Problem::bad_request("body", detail));
        };
        // serde would also take an array with the members' values in their order.
        if !body.trim_start().starts_with('{') {
            return Err(not_the_form());
        }
        let mut json = serde_json::Deserializer::from_str(body);
        let request: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let member = error.path().to_string();
            refusal(&member, &error.into_inner())
        })?;
        json.end()
            .map_err(|_| Problem::bad_request("body", "one JSON object is expected and nothing after it"))?;
        Ok(request)
    }

    /// Tells a repeated event from a reused id.
    pub(super) fn fingerprint(&self) -> String {
        let canonical = serde_json::json!(self).to_string();
        hex::encode(Sha256::digest(canonical))
    }
}

/// serde would also take `{"crm-toggle": null}` for the word.
fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Source, D::Error> {
    let word = String::deserialize(deserializer)?;
    word.parse().map_err(serde::de::Error::custom)
}

fn not_the_form() -> Problem {
    Problem::bad_request("body", "the body is not a JSON object of the expected form")
}

/// serde's own texts may quote the value, so only its kind of error and the member's name are used.
fn refusal(path: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let quoted = |prefix: &str| {
        let name = text.strip_prefix(prefix)?.split('`').next()?;
        Some(name.chars().take(64).collect::<String>())
    };
    if let Some(name) = quoted("unknown field `") {
        return Problem::bad_request(&name, format!("{name} is not a member of this request"));
    }
    if let Some(name) = quoted("duplicate field `") {
        return Problem::bad_request(&name, format!("{name} is given twice"));
    }
    let missing = quoted("missing field `");
    let member = missing.as_deref().unwrap_or(path);
    match MEMBERS.iter().find(|(name, _)| *name == member) {
        Some((name, expected)) => Problem::bad_request(name, format!("{name} {expected}")),
        None => not_the_form(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::functions::answer::HttpAnswer;

    const GOOD: &str = r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"jane","eventId":"e-1"}"#;

    fn member(body: &str) -> Value {
        let problem = ToggleRequest::parse(Some(body)).expect_err("is refused");
        let answer = HttpAnswer::from(problem);
        assert!(!answer.body.to_string().contains("S3CRET"), "{}", answer.body);
        answer.body["member"].clone()
    }

    #[test]
    fn the_member_that_is_wrong_is_named_and_its_value_is_not_repeated() {
        let long = format!(
            r#"{{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"{}"}}"#,
            "x".repeat(257)
        );
        for (name, body) in [
            ("source", r#"{"source":"S3CRET","ciamEnabled":true,"requestedBy":"j"}"#),
            ("source", r#"{"ciamEnabled":true,"requestedBy":"j"}"#),
            (
                "ciamEnabled",
                r#"{"source":"crm-toggle","ciamEnabled":"S3CRET","requestedBy":"j"}"#,
            ),
            (
                "requestedBy",
                r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":""}"#,
            ),
            ("requestedBy", &long),
            (
                "requestedBy",
                r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":" \t "}"#,
            ),
            (
                "eventId",
                r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"j","eventId":7}"#,
            ),
            (
                "eventId",
                r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"j","eventId":"  "}"#,
            ),
            (
                "colour",
                r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"j","colour":"S3CRET"}"#,
            ),
            ("source", r#"{"source":"crm-toggle","source":"crm-toggle"}"#),
            (
                "source",
                r#"{"source":{"crm-toggle":null},"ciamEnabled":true,"requestedBy":"j"}"#,
            ),
            ("body", "[]"),
            ("body", r#"["crm-toggle",true,"S3CRET",null]"#),
            ("body", "{"),
            ("body", "   "),
            ("body", &format!("{GOOD} {{}}")),
        ] {
            assert_eq!(member(body), json!(name), "{body}");
        }
    }

    #[test]
    fn the_fingerprint_is_the_same_however_the_body_is_written() {
        let one = ToggleRequest::parse(Some(GOOD)).unwrap();
        let spaced = r#"{ "eventId":"e-1", "requestedBy":"jane", "ciamEnabled":true, "source":"crm-toggle" }"#;
        let two = ToggleRequest::parse(Some(spaced)).unwrap();
        assert_eq!(one.fingerprint(), two.fingerprint());
        assert_eq!(one.fingerprint().len(), 64);
        let other = GOOD.replace("true", "false");
        let three = ToggleRequest::parse(Some(&other)).unwrap();
        assert_ne!(one.fingerprint(), three.fingerprint());
    }
}
