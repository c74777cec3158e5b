//! Which members of a request a refusal calls unknown.
//!
//! A member that is left out of a PUT may lose its value, so a text has to say that a member is unknown and to name it; that it is
//! named for its value is not enough.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Words before [`MEMBER`] by which servers say that they do not know one.
const UNKNOWN: [&str; 8] = [
    "unknown",
    "unrecognized",
    "unrecognised",
    "unexpected",
    "unsupported",
    "additional",
    "extra",
    "forbidden",
];
const MEMBER: [&str; 12] = [
    "field",
    "fields",
    "member",
    "members",
    "property",
    "properties",
    "key",
    "keys",
    "attribute",
    "attributes",
    "input",
    "inputs",
];
/// Texts that say it of the member under whose name they stand.
const ALONE: [&str; 4] = ["unexpected", "unrecognized", "unrecognised", "extra_forbidden"];
/// A text with one of these is about a member's value, or about members of a member.
const MISLEADING: [&str; 13] = [
    "value", "values", "type", "format", "length", "long", "short", "empty", "required", "missing", "known", "of",
    "within",
];
/// Where in the body the unknown member is, not its name.
const PLACES: [&str; 3] = ["instancePath", "dataPath", "schemaPath"];

/// Those of `sent` that the body calls unknown. Nothing of the server's text leaves this file: the result is a part of `sent`.
pub(crate) fn unknown_members(body: &[u8], sent: &[String]) -> Vec<String> {
    let mut named = HashSet::new();
    if let Ok(body) = serde_json::from_slice::<Value>(body) {
        collect(&body, None, &mut named);
    }
    sent.iter().filter(|name| named.contains(*name)).cloned().collect()
}

/// `member`: the name under which the value stands.
fn collect(value: &Value, member: Option<&str>, named: &mut HashSet<String>) {
    match value {
        Value::String(text) => {
            // "key(s)"
            let text = &text.replace("(s)", "s");
            clauses(text)
                .filter(|words| says_unknown(words))
                .for_each(|words| named.extend(words.into_iter().map(str::to_owned)));
            if says_unknown_only(text) || ALONE.contains(&text.to_lowercase().as_str()) {
                named.extend(member.map(str::to_owned));
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, member, named)),
        Value::Object(members) => {
            for (name, value) in members {
                collect(value, Some(name), named);
            }
            if members.values().filter_map(Value::as_str).any(says_unknown_only) {
                collect_names(members, named);
            }
        }
        _ => {}
    }
}

/// Names that stand beside a text which says "unknown" without a name.
fn collect_names(members: &Map<String, Value>, named: &mut HashSet<String>) {
    for (_, value) in members.iter().filter(|(name, _)| !PLACES.contains(&name.as_str())) {
        match value {
            Value::String(text) => named.extend(last_segment(text).map(str::to_owned)),
            // A path: its end is the member.
            Value::Array(path) => {
                let end = path.last().and_then(Value::as_str);
                named.extend(end.and_then(last_segment).map(str::to_owned));
            }
            Value::Object(members) => collect_names(members, named),
            _ => {}
        }
    }
}

/// The words of each part of a text. A path counts as its end.
fn clauses(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    text.split([';', '\n', '(', ')'])
        .flat_map(|part| part.split(". "))
        .map(move |part| part.split(move |c| !is_of_a_word(c)).filter_map(last_segment).collect())
}

fn last_segment(path: &str) -> Option<&str> {
    path.split(['.', '/']).rfind(|segment| !segment.is_empty())
}

fn says_unknown(words: &[&str]) -> bool {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let are = |two: &[String], first: &[&str], second: &[&str]| match two {
        [one, other] => first.contains(&one.as_str()) && second.contains(&other.as_str()),
        _ => false,
    };
    let mut pairs = words.windows(2);
    pairs.any(|two| are(two, &UNKNOWN, &MEMBER) || are(two, &["was", "were"], &["unexpected"]))
        && !words.iter().any(|word| MISLEADING.contains(&word.as_str()))
}

/// As [`says_unknown`], in a text that quotes nothing.
fn says_unknown_only(text: &str) -> bool {
    !text.contains(['"', '\'', '`', ':']) && clauses(text).any(|words| says_unknown(&words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> [String; 3] {
        ["theme", "theme_id", "region"].map(str::to_owned)
    }

    #[test]
    fn a_member_that_the_server_calls_unknown_is_found_in_every_form_of_body() {
        for body in [
            r#"{"error":"json: unknown field \"region\""}"#,
            r#"{"error":"Invalid body: Unrecognized field 'region' (class Organization; 2 known properties: 'theme', 'name')"}"#,
            r#"{"error":"Unrecognized key(s) in object: 'region'"}"#,
            r#"{"error":"Additional properties are not allowed ('region' was unexpected)"}"#,
            r#"{"error":"(root): Additional property region is not allowed"}"#,
            r#"{"details":"region in body is a forbidden property"}"#,
            r#"{"details":"body.region is an unexpected property."}"#,
            r#"{"details":{"region":["unexpected"]}}"#,
            r#"{"details":{"region":["Unknown field"]}}"#,
            r#"{"details":[{"type":"extra_forbidden","loc":["body","region"],"msg":"Extra inputs are not permitted"}]}"#,
            r#"{"details":[{"message":"must NOT have additional properties","params":{"additionalProperty":"region"}}]}"#,
        ] {
            assert_eq!(unknown_members(body.as_bytes(), &sent()), ["region"], "{body}");
        }
        let both = br#"{"error":"Unknown members `region`, `theme_id`"}"#;
        assert_eq!(unknown_members(both, &sent()), ["theme_id", "region"]);
    }

    #[test]
    fn a_member_that_is_named_for_another_reason_is_not_unknown() {
        for body in [
            r#"{"error":"region is too long"}"#,
            r#"{"error":"unknown field \"regional\""}"#,
            r#"{"error":"unsupported value for region"}"#,
            r#"{"error":"unexpected field value for region"}"#,
            r#"{"error":"unsupported property type: region"}"#,
            r#"{"error":"region has an unexpected format"}"#,
            r#"{"error":"region contains extra characters"}"#,
            r#"{"error":"changing region is forbidden"}"#,
            r#"{"error":"region needs additional permissions"}"#,
            r#"{"error":"region eu-9 is unknown"}"#,
            r#"{"error":"unknown field \"x\"; region is empty"}"#,
            r#"{"error":"unknown field \"x\"","details":"region is empty"}"#,
            r#"{"error":"unknown field \"x\"","field":"region"}"#,
            r#"{"error":"theme.x in body is a forbidden property"}"#,
            r#"{"error":"additional properties of theme must be texts"}"#,
            r#"{"details":{"region":["unsupported"],"theme":"not allowed"}}"#,
            r#"{"error":"unknown fields","details":[{"field":"x"},{"field":"region","message":"too long"}]}"#,
            r#"{"details":[{"instancePath":"/theme","message":"must NOT have additional properties","params":{"additionalProperty":"x"}}]}"#,
            "",
        ] {
            assert_eq!(
                unknown_members(body.as_bytes(), &sent()),
                Vec::<String>::new(),
                "{body}"
            );
        }
    }
}
