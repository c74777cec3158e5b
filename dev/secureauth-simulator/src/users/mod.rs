//! Users of identity pools (docs/reference/secureauth-api.md#users; dev/secureauth-simulator/README.md#row-62 to row 74,
//! dev/secureauth-simulator/README.md#row-78 to row 81).

mod conflicts;
mod counts;
mod create;
mod delete;
mod list;
#[cfg(test)]
mod listing;
mod lookup;
mod model;
mod read;
mod rules;
mod store;
mod update;
pub(crate) mod view;

use axum::http::Method;

use crate::server::operation::Operation;

pub(crate) use conflicts::{conflict_error, rule_error};
pub(crate) use create::create;
pub(crate) use model::{
    Address, AddressStatus, AddressType, Credential, CredentialState, CredentialType, Identifier, IdentifierType, User,
    UserStatus, compact, expand,
};
pub(crate) use rules::{address_is_valid, check_schemas, identifier_is_valid};
pub(crate) use store::{Conflict, SubRecord, UserStore};

const COLLECTION: &str = "/api/identity/{tid}/system/pools/{ipID}/users";
const ONE: &str = "/api/identity/{tid}/system/pools/{ipID}/users/{userID}";
const BY_KEY: &str = "/api/identity/{tid}/system/pools/{ipID}/users/by_key";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::identity("list_users", Method::GET, COLLECTION, list::list),
    Operation::identity("create_user", Method::POST, COLLECTION, create),
    Operation::identity("get_user_by_key", Method::POST, BY_KEY, lookup::by_key),
    Operation::identity("get_user", Method::GET, ONE, read::get),
    Operation::identity("update_user", Method::PUT, ONE, update::update),
    Operation::identity("delete_user", Method::DELETE, ONE, delete::delete),
];
