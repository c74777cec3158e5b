//! Schemas (reference 2.5, row 73).

pub(crate) mod defaults;
mod operations;
mod store;

use axum::http::Method;
use serde_json::Value;

use crate::server::operation::{Access, Handler, Module, Operation};

pub(crate) use operations::{SchemaRequest, create, put as put_schema};
pub(crate) use store::{Schema, Schemas};

const COLLECTION: &str = "/api/identity/{tid}/system/schemas";
const ONE: &str = "/api/identity/{tid}/system/schemas/{schID}";

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("list_schemas", Method::GET, COLLECTION, operations::list),
    operation("create_schema", Method::POST, COLLECTION, operations::create),
    operation("get_schema", Method::GET, ONE, operations::get),
    operation("update_schema", Method::PUT, ONE, operations::update),
    operation("delete_schema", Method::DELETE, ONE, operations::delete),
];

const fn operation(name: &'static str, method: Method, path: &'static str, handler: Handler) -> Operation {
    let access = Access::Scope("identity");
    Operation {
        name,
        method,
        path,
        module: Module::Identity,
        access,
        handler,
    }
}

/// True when `schema` is usable and does not accept `value`.
pub(crate) fn refuses(schema: &Value, value: &Value) -> bool {
    jsonschema::validator_for(schema).is_ok_and(|validator| !validator.is_valid(value))
}
