//! Schemas (docs/reference/secureauth-api.md#schemas; dev/secureauth-simulator/README.md#row-73).

pub(crate) mod defaults;
mod go;
mod operations;
mod store;

use axum::http::Method;
use serde_json::Value;

use crate::server::operation::Operation;

pub(crate) use operations::{SchemaRequest, create, put as put_schema};
pub(crate) use store::{Schema, Schemas};

const COLLECTION: &str = "/api/identity/{tid}/system/schemas";
const ONE: &str = "/api/identity/{tid}/system/schemas/{schID}";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::identity("list_schemas", Method::GET, COLLECTION, operations::list),
    Operation::identity("create_schema", Method::POST, COLLECTION, operations::create),
    Operation::identity("get_schema", Method::GET, ONE, operations::get),
    Operation::identity("update_schema", Method::PUT, ONE, operations::update),
    Operation::identity("delete_schema", Method::DELETE, ONE, operations::delete),
];

/// True when `schema` is usable and does not accept `value`.
pub(crate) fn refuses(schema: &Value, value: &Value) -> bool {
    jsonschema::validator_for(schema).is_ok_and(|validator| !validator.is_valid(value))
}
