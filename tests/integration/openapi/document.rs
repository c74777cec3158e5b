//! The document, and how an answer differs from it.

use std::collections::{BTreeMap, BTreeSet};

use local_stack::HttpAnswer;
use serde_json::{Value, json};

/// Headers of the HTTP connection, and the type of the body, which is documented with the body.
const OF_THE_CONNECTION: [&str; 5] = [
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
    "date",
];

/// `docs/openapi.yaml`.
pub(crate) struct Document(Value);

impl Document {
    pub(crate) fn read() -> Self {
        let text = include_str!("../../../docs/openapi.yaml");
        Self(serde_saphyr::from_str(text).expect("is YAML"))
    }

    pub(super) fn schemas(&self) -> &serde_json::Map<String, Value> {
        self.0["components"]["schemas"].as_object().expect("is an object")
    }

    /// Every status of both operations.
    pub(super) fn statuses(&self) -> BTreeSet<String> {
        let operations = ["get", "post"].map(|method| &self.operation(method)["responses"]);
        let responses = operations.into_iter().filter_map(Value::as_object);
        responses.flat_map(|responses| responses.keys().cloned()).collect()
    }

    /// Every problem's code.
    pub(super) fn codes(&self) -> BTreeSet<String> {
        self.codes_by_status().into_values().flatten().collect()
    }

    /// The codes of the problems that each status has.
    pub(super) fn codes_by_status(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for method in ["get", "post"] {
            let responses = self.operation(method)["responses"].as_object().expect("is an object");
            for (status, response) in responses {
                let schema = &self.resolved(response)["content"]["application/problem+json"]["schema"];
                let one = std::slice::from_ref(schema);
                let problems = schema["oneOf"].as_array().map_or(one, Vec::as_slice);
                let of_status = problems.iter().filter_map(|problem| {
                    let code = &self.resolved(problem)["properties"]["code"]["const"];
                    code.as_str().map(str::to_owned)
                });
                codes.entry(status.clone()).or_default().extend(of_status);
            }
        }
        codes
    }

    /// `health` and `readiness` are operations of their own paths; the methods are those of a biller.
    fn operation(&self, method: &str) -> &Value {
        match method {
            "health" => &self.0["paths"]["/api/health"]["get"],
            "readiness" => &self.0["paths"]["/api/health/ready"]["get"],
            method => &self.0["paths"]["/api/billers/{billerId}/ciam"][method],
        }
    }

    /// The value itself, or what its `$ref` points to.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.trim_start_matches('#');
                self.0.pointer(pointer).unwrap_or_else(|| panic!("no {reference}"))
            }
            None => value,
        }
    }

    /// How an answer of the operation differs from the document, as sentences.
    pub(crate) fn differences(&self, method: &str, answer: &HttpAnswer) -> Vec<String> {
        let response = &self.operation(method)["responses"][answer.status.to_string()];
        let response = self.resolved(response);
        let mut found = Vec::new();
        if response.is_null() {
            found.push("the status is not documented".to_owned());
        } else {
            self.compare_headers(response, answer, &mut found);
            self.compare_body(response, answer, &mut found);
        }
        let named = |difference| format!("{method} {}: {difference}: {}", answer.status, answer.text);
        found.into_iter().map(named).collect()
    }

    fn compare_headers(&self, response: &Value, answer: &HttpAnswer, found: &mut Vec<String>) {
        let documented = response["headers"].as_object().cloned().unwrap_or_default();
        for name in answer.headers.keys().map(reqwest::header::HeaderName::as_str) {
            let is_known = documented.keys().any(|known| known.eq_ignore_ascii_case(name));
            if !is_known && !OF_THE_CONNECTION.contains(&name) {
                found.push(format!("the header {name} is not documented"));
            }
        }
        for (name, header) in &documented {
            let header = self.resolved(header);
            match answer.header(name) {
                Some(text) => {
                    let value = text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number));
                    found.extend(self.errors(&header["schema"], &value, name));
                }
                None if header["required"] == true => found.push(format!("the header {name} is missing")),
                None => {}
            }
        }
    }

    fn compare_body(&self, response: &Value, answer: &HttpAnswer, found: &mut Vec<String>) {
        let Some(content) = response["content"].as_object() else {
            if !answer.text.is_empty() {
                found.push("there is a body".to_owned());
            }
            return;
        };
        let content_type = answer.header("content-type").unwrap_or_default();
        match content.get(content_type.split(';').next().unwrap_or_default()) {
            Some(media) => found.extend(self.errors(&media["schema"], &answer.json, "the body")),
            None => found.push(format!("the media type {content_type:?} is not documented")),
        }
    }

    fn errors(&self, schema: &Value, value: &Value, what: &str) -> Vec<String> {
        let whole = json!({ "allOf": [schema], "components": self.0["components"] });
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&whole)
            .expect("is a schema");
        let errors = validator.iter_errors(value);
        errors
            .map(|error| format!("{what} at {:?}: {error}", error.instance_path().to_string()))
            .collect()
    }
}

/// Names of all schemas that others extend. They are open, so no answer may have one of them as its schema.
fn bases(document: &Value) -> BTreeSet<String> {
    let schemas = document["components"]["schemas"].as_object().expect("is an object");
    let parts = schemas
        .values()
        .filter_map(|schema| schema["allOf"].as_array())
        .flatten();
    let names = parts.filter_map(|part| part["$ref"].as_str()?.rsplit('/').next());
    names.map(str::to_owned).collect()
}

#[test]
fn no_schema_of_an_answer_allows_a_member_that_it_does_not_name() {
    let document = Document::read();
    let bases = bases(&document.0);
    assert_eq!(bases, BTreeSet::from(["Conflict", "Problem"].map(str::to_owned)));
    for (name, schema) in document.schemas() {
        let has_members = schema["properties"].is_object();
        let is_closed = schema["additionalProperties"] == false || schema["unevaluatedProperties"] == false;
        assert_eq!(has_members && !bases.contains(name), is_closed, "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_part_is_used() {
    let text = include_str!("../../../docs/openapi.yaml");
    let references = text.split("$ref: ").skip(1);
    let used: BTreeSet<&str> = references.filter_map(|rest| rest.split(['\'', '"']).nth(1)).collect();
    let Document(document) = Document::read();
    let mut parts = BTreeSet::new();
    for group in ["headers", "responses", "schemas"] {
        let members = document["components"][group].as_object().expect("is an object");
        parts.extend(members.keys().map(|name| format!("#/components/{group}/{name}")));
    }
    assert_eq!(used, parts.iter().map(String::as_str).collect());
}
