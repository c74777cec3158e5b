//! Compiles schemas as a server written in Go reads them: regular expressions are RE2, and `$schema` may name any dialect.

use jsonschema::{Keyword, ValidationError, Validator};
use regex::Regex;
use serde_json::Value;

/// Replaces `pattern`, whose expressions the validator would take for JavaScript's.
const PATTERN: &str = "go-pattern";

/// `None`: the document is no JSON schema.
pub(super) fn compile(definition: &Value) -> Option<Validator> {
    let mut schema = definition.clone();
    let dialect = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
    if !dialect.contains("json-schema.org")
        && let Some(members) = schema.as_object_mut()
    {
        members.remove("$schema");
    }
    rename(&mut schema);
    let options = jsonschema::options().with_keyword(PATTERN, |_, value, _| {
        let regex = value.as_str().and_then(|pattern| Regex::new(&unquoted(pattern)).ok());
        match regex {
            Some(regex) => Ok(Box::new(Pattern(regex))),
            None => Err(ValidationError::custom("not a regular expression")),
        }
    });
    options.build(&schema).ok()
}

fn rename(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("pattern").is_some_and(Value::is_string)
                && let Some(pattern) = members.remove("pattern")
            {
                members.insert(PATTERN.to_owned(), pattern);
            }
            members.values_mut().for_each(rename);
        }
        Value::Array(items) => items.iter_mut().for_each(rename),
        _ => {}
    }
}

/// Rust knows no `\Q…\E`.
fn unquoted(pattern: &str) -> String {
    let mut parts = pattern.split(r"\Q");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (literal, rest) = part.split_once(r"\E").unwrap_or((part, ""));
        plain.push_str(&regex::escape(literal));
        plain.push_str(rest);
    }
    plain
}

struct Pattern(Regex);

impl<'i> Keyword<'i> for Pattern {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            Ok(())
        } else {
            Err(ValidationError::custom("does not match the pattern"))
        }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        instance.as_str().is_none_or(|text| self.0.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn classes_and_quotes_of_go_are_known_in_a_dialect_of_ones_own() {
        let schema = json!({"$schema": "https://own.example", "properties": {
            "a": {"pattern": "^[[:alpha:]]+$"}, "b": {"pattern": r"^\Qx.\E\d$"}}});
        let validator = compile(&schema).unwrap();
        assert!(validator.is_valid(&json!({"a": "Ann", "b": "x.1"})));
        assert!(!validator.is_valid(&json!({"a": "4nn"})) && !validator.is_valid(&json!({"b": "xy1"})));
        assert!(compile(&json!({"pattern": "(?=a)"})).is_none());
    }
}
