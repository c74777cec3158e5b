//! Schemas of users' payload and metadata (IDS `/system/schemas`, scope `identity`; section 2.5). They are only read.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Api, ApiError, Operation, SchemaId};

/// A schema (IDS `Schema`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Schema {
    /// Its id.
    pub id: SchemaId,
    /// Its display name.
    #[serde(default)]
    pub name: Option<String>,
    /// The schema itself: the subset of JSON Schema that SYS and IDS call `SupportedJSONSchema`.
    #[serde(default)]
    pub schema: Map<String, Value>,
}

impl<Access> Api<Access> {
    /// `GET /system/schemas/{schID}`; `None` for 404.
    pub async fn schema(&self, id: &SchemaId) -> Result<Option<Schema>, ApiError> {
        let url = self.paths().identity(["schemas", id.as_str()]);
        let found = self.get(Operation::GetSchema, url).await?.json_if_present()?;
        Ok(found.map(|versioned| versioned.value))
    }
}
