//! `PUT` and `GET /api/identity/{tid}/configuration` (docs/reference/secureauth-api.md#import;
//! dev/secureauth-simulator/README.md#row-60 to row 77, and row 82).

mod apply;
mod conflicts;
mod entries;
mod export;
mod operation;
mod records;
mod sub_records;
mod transaction;

use axum::http::Method;

use crate::server::operation::{Access, Module, Operation};

pub(crate) use operation::import;

const CONFIGURATION: &str = "/api/identity/{tid}/configuration";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "import_identity_configuration",
        method: Method::PUT,
        path: CONFIGURATION,
        module: Module::Identity,
        access: Access::Scope("manage_configuration"),
        handler: import,
    },
    Operation {
        name: "export_identity_configuration",
        method: Method::GET,
        path: CONFIGURATION,
        module: Module::Identity,
        access: Access::Scope("read_configuration"),
        handler: export::export,
    },
];
