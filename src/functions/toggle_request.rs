//! The body of `POST /api/billers/{billerId}/ciam` (docs/requirements.md#t1, docs/requirements.md#t2).

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::domain::ids::{EventId, RequestedBy};
use crate::domain::string_enum;
use crate::domain::toggle_event::Source;

/// The request's members. An unknown member is refused by its name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ToggleRequest {
    #[serde(deserialize_with = "string_enum::deserialize")]
    pub(super) source: Source,
    pub(super) ciam_enabled: bool,
    pub(super) requested_by: RequestedBy,
    #[serde(default)]
    pub(super) event_id: Option<EventId>,
}

/// What each member must be, for the detail of a 400.
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
    /// A 400 that names the first wrong member and what is expected of it, never its value.
    pub(super) fn parse(body: Option<&str>) -> Result<Self, Problem> {
        let Some(body) = body.filter(|body| !body.trim().is_empty()) else {
            let detail = "a JSON body is required";
            return Err(Problem::bad_request("body", detail));
        };
        // serde would also accept an array of the members' values.
        if !body.trim_start().starts_with('{') {
            return Err(not_the_form());
        }
        let mut json = serde_json::Deserializer::from_str(body);
        let request: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let member = error.path().to_string();
            refusal(&member, &error.into_inner())
        })?;
        json.end()
            .map_err(|_| Problem::bad_request("body", "the body must be one JSON object and nothing after it"))?;
        Ok(request)
    }

    /// Tells a repeated event from a reused id.
    pub(super) fn fingerprint(&self) -> String {
        fingerprint([
            Some(self.source.into()),
            Some(if self.ciam_enabled { "true" } else { "false" }),
            Some(self.requested_by.as_ref()),
            self.event_id.as_ref().map(AsRef::as_ref),
        ])
    }
}

/// Hashes source, enabled or not, requestedBy and eventId. Event ids are kept for ever, so the same members must always give the
/// same value: the bytes are written out here, not by a serializer. The lengths tell where a member ends.
fn fingerprint(members: [Option<&str>; 4]) -> String {
    let mut hash = Sha256::new();
    for member in members {
        hash.update([u8::from(member.is_some())]);
        let text = member.unwrap_or_default();
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text);
    }
    hex::encode(hash.finalize())
}

fn not_the_form() -> Problem {
    Problem::bad_request("body", "the body is not a JSON object of the expected form")
}

/// serde's messages may quote the value, so only the kind of error and the member's name are used.
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
    use std::collections::HashSet;

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
    fn a_refusal_names_the_wrong_member_and_does_not_repeat_its_value() {
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

    #[test]
    fn the_fingerprint_of_an_event_stays_what_it_is_in_the_database() {
        let fingerprint = |body: &str| ToggleRequest::parse(Some(body)).unwrap().fingerprint();
        assert_eq!(
            fingerprint(GOOD),
            "e94172d0a78448f5d5e19a468ffc5581bc2bc2f716a9312f62d3840dd2d0b99f"
        );
        let without_id = r#"{"source":"biller-wizard","ciamEnabled":false,"requestedBy":"jane"}"#;
        assert_eq!(
            fingerprint(without_id),
            "6be597c433d95611f88b259900e71228a7439ee436627b3f18dc5e27b6f56116"
        );
    }

    #[test]
    fn members_that_differ_never_make_the_same_bytes() {
        let cases = [
            [Some("ab"), Some("c"), None, None],
            [Some("a"), Some("bc"), None, None],
            [Some("ab"), Some("c"), Some(""), None],
            [Some("ab"), Some("c"), None, Some("")],
            [Some("ab"), None, Some("c"), None],
        ];
        let distinct: HashSet<String> = cases.into_iter().map(super::fingerprint).collect();
        assert_eq!(distinct.len(), cases.len());
    }
}
