//! Schemas by id, compiled once.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A stored schema.
#[derive(Debug)]
pub(crate) struct Schema {
    /// Shared with every user that refers to it.
    pub(crate) id: Arc<str>,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) definition: Value,
    pub(crate) system: bool,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
    pub(super) validator: jsonschema::Validator,
}

impl Schema {
    /// Compiles a schema; `None` when it is not one.
    pub(crate) fn new(id: &str, name: &str, definition: Value, now: OffsetDateTime) -> Option<Self> {
        Some(Self {
            id: id.into(),
            name: name.to_owned(),
            description: String::new(),
            validator: super::go::compile(&definition)?,
            definition,
            system: false,
            created_at: now,
            updated_at: now,
        })
    }

    /// Whether the schema accepts a value.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// `Schema` of the API.
    pub(crate) fn response(&self, tenant: &str) -> Value {
        json!({
            "id": &*self.id,
            "tenant_id": tenant,
            "name": self.name,
            "description": self.description,
            "schema": self.definition,
            "system": self.system,
            "created_at": self.created_at.format(&Rfc3339).ok(),
            "updated_at": self.updated_at.format(&Rfc3339).ok(),
        })
    }
}

/// The tenant's schemas.
#[derive(Debug)]
pub(crate) struct Schemas(BTreeMap<String, Schema>);

impl Schemas {
    /// The schemas every tenant starts with.
    pub(crate) fn with_defaults(now: OffsetDateTime) -> Self {
        let schemas = super::defaults::all(now);
        Self(schemas.map(|schema| (schema.id.to_string(), schema)).collect())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Schema> {
        self.0.values()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Schema> {
        self.0.get(id)
    }

    /// Adds or replaces a schema. Returns the one it replaced.
    pub(crate) fn put(&mut self, schema: Schema) -> Option<Schema> {
        self.0.insert(schema.id.to_string(), schema)
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.0.remove(id);
    }
}
