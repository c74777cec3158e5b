//! The parts of a schema document that are judged otherwise than JSON Schema says, and those that are not judged at all.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Keyword, ValidationError, Validator};
use regex::Regex;
use serde_json::Value;

use super::re2;

/// Replaces `pattern`, whose expressions the validator would take for JavaScript's.
const PATTERN: &str = "re2-pattern";

/// What is not a schema and may hold any JSON.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];

/// What holds schemas under names, which are no keywords.
const NAMED: [&str; 6] = [
    "$defs",
    "definitions",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

/// A compiled document.
#[derive(Debug)]
pub(super) struct Compiled {
    /// `None`: nothing can be judged here.
    pub(super) validator: Option<Validator>,
    /// Where it says what only SecureAuth can judge.
    pub(super) unchecked: Vec<String>,
}

/// Does not follow references to other documents. The error is that of a document that is no JSON schema.
pub(super) fn compile(schema: &Value) -> Result<Compiled, ValidationError<'static>> {
    let mut schema = schema.clone();
    let mut unchecked = Vec::new();
    prepare(&mut schema, "", &mut unchecked);
    let by_name = |place: &String| place.ends_with("/patternProperties");
    if unchecked.iter().any(by_name) {
        return Ok(Compiled {
            validator: None,
            unchecked,
        });
    }
    let options = jsonschema::options().with_keyword(PATTERN, |_, value, _| {
        Ok(Box::new(Pattern(value.as_str().and_then(re2::compile))))
    });
    match options.build(&schema) {
        Ok(validator) => Ok(Compiled {
            validator: Some(validator),
            unchecked,
        }),
        Err(error) if matches!(error.kind(), ValidationErrorKind::Referencing(_)) => Ok(Compiled {
            validator: None,
            unchecked: vec!["$schema or $ref".to_owned()],
        }),
        Err(error) => Err(error.to_owned()),
    }
}

/// Renames every `pattern`. One that cannot be judged is left out.
fn prepare(schema: &mut Value, place: &str, unchecked: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(pattern)) = members.get("pattern") {
                let (pattern, is_judged) = (pattern.clone(), re2::compile(pattern).is_some());
                members.remove("pattern");
                if is_judged {
                    members.insert(PATTERN.to_owned(), Value::String(pattern));
                } else {
                    unchecked.push(format!("{place}/pattern"));
                }
            }
            if let Some(Value::Object(by_name)) = members.get("patternProperties")
                && !by_name.keys().all(|name| means_the_same_everywhere(name))
            {
                unchecked.push(format!("{place}/patternProperties"));
            }
            for (name, value) in members.iter_mut().filter(|(name, _)| !DATA.contains(&name.as_str())) {
                let place = format!("{place}/{name}");
                match value {
                    Value::Object(schemas) if NAMED.contains(&name.as_str()) => {
                        for (name, schema) in schemas {
                            prepare(schema, &format!("{place}/{name}"), unchecked);
                        }
                    }
                    _ => prepare(value, &place, unchecked),
                }
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter_mut().enumerate() {
                prepare(item, &format!("{place}/{number}"), unchecked);
            }
        }
        _ => {}
    }
}

/// In RE2 and in JavaScript.
fn means_the_same_everywhere(pattern: &str) -> bool {
    pattern
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_^$.*+".contains(&byte))
}

/// The keyword [`PATTERN`].
struct Pattern(Option<Regex>);

impl<'i> Keyword<'i> for Pattern {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            Ok(())
        } else {
            Err(ValidationError::custom("does not match the pattern"))
        }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        match (&self.0, instance.as_str()) {
            (Some(regex), Some(text)) => regex.is_match(text),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn accepts(compiled: &Compiled, value: &Value) -> Option<bool> {
        compiled.validator.as_ref().map(|validator| validator.is_valid(value))
    }

    #[test]
    fn a_pattern_that_cannot_be_judged_is_named_and_everything_else_is_judged() {
        let schema = json!({"properties": {
            "a": {"type": "string", "pattern": "(?=x)"},
            "b": {"allOf": [{"pattern": "^[[:alpha:]]+$"}]},
            "pattern": {"enum": [{"pattern": "(?=x)"}]},
        }});
        let compiled = compile(&schema).expect("is a schema");
        assert_eq!(compiled.unchecked, ["/properties/a/pattern"]);
        assert_eq!(accepts(&compiled, &json!({"a": "anything", "b": "Ann"})), Some(true));
        assert_eq!(accepts(&compiled, &json!({"a": 7})), Some(false));
        assert_eq!(accepts(&compiled, &json!({"b": "4nn"})), Some(false));
    }

    #[test]
    fn a_property_may_have_the_name_of_a_keyword() {
        for name in ["default", "enum", "const", "examples", "pattern", "properties"] {
            for part in ["properties", "$defs"] {
                let schema = json!({part: {name: {"pattern": "(?=x)"}}});
                let compiled = compile(&schema).expect("is a schema");
                assert_eq!(compiled.unchecked, [format!("/{part}/{name}/pattern")]);
            }
            let compiled = compile(&json!({"properties": {name: {"pattern": "^[[:alpha:]]+$"}}}));
            let compiled = compiled.expect("is a schema");
            assert_eq!(accepts(&compiled, &json!({name: "Ann"})), Some(true), "{name}");
            assert_eq!(accepts(&compiled, &json!({name: "4nn"})), Some(false), "{name}");
        }
    }

    #[test]
    fn nothing_is_judged_by_a_dialect_or_a_document_that_is_not_known_here() {
        for schema in [
            json!({"$schema": "https://elsewhere.example/dialect", "maxProperties": 0}),
            json!({"$ref": "https://elsewhere.example/schema"}),
        ] {
            let compiled = compile(&schema).expect("is a schema");
            assert_eq!(
                (accepts(&compiled, &json!({"a": 1})), compiled.unchecked.len()),
                (None, 1),
                "{schema}"
            );
        }
        let by_name = compile(&json!({"patternProperties": {"^[[:alpha:]]": {}}, "additionalProperties": false}));
        let by_name = by_name.expect("is a schema");
        assert_eq!(by_name.unchecked, ["/patternProperties"]);
        assert!(by_name.validator.is_none());
    }

    #[test]
    fn names_by_simple_patterns_are_judged() {
        let schema = json!({"patternProperties": {"^x_": {"type": "string"}}, "additionalProperties": false});
        let compiled = compile(&schema).expect("is a schema");
        assert_eq!(accepts(&compiled, &json!({"x_a": "1"})), Some(true));
        assert_eq!(accepts(&compiled, &json!({"a": "1"})), Some(false));
    }
}
