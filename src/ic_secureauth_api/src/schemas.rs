//! Schemas of users' payload and metadata (IDS `/system/schemas`, scope `identity`; docs/reference/secureauth-api.md#schemas). This
//! client only reads them.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Api, ApiError, Operation, SchemaId,
    concerns::{Asked, Concerns, Mismatch, same},
};

/// A schema (IDS `Schema`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Schema {
    /// What pools and users name as `payload_schema_id` or `metadata_schema_id`.
    pub id: SchemaId,
    /// Display name, for people only.
    #[serde(default)]
    pub name: Option<String>,
    /// A JSON Schema, of the subset that SYS and IDS call `SupportedJSONSchema`.
    #[serde(default)]
    pub schema: Map<String, Value>,
    #[serde(default)]
    tenant_id: Option<String>,
    #[serde(default)]
    system: bool,
}

impl Concerns for Schema {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        // Schemas that come with every tenant may carry the id of another one.
        if !self.system {
            same("tenant_id", self.tenant_id.as_deref(), asked.tenant)?;
        }
        same("id", Some(self.id.as_str()), asked.id)
    }
}

impl<Access> Api<Access> {
    /// `GET /system/schemas/{schID}`; `None` for 404.
    pub async fn schema(&self, id: &SchemaId) -> Result<Option<Schema>, ApiError> {
        let url = self.paths().identity(["schemas", id.as_str()]);
        let answer = self.get(Operation::GetSchema, url).await?;
        let found = answer.json_if_present(&Asked {
            id: Some(id.as_str()),
            ..self.asked()
        })?;
        Ok(found.map(|versioned| versioned.value))
    }
}
