//! Users of identity pools (docs/reference/secureauth-api.md#users; dev/secureauth-simulator/README.md#row-62 to row 74,
//! dev/secureauth-simulator/README.md#row-78 to row 81, dev/secureauth-simulator/README.md#row-90 to row 96, and rows 103 and 124).

mod addresses;
mod change;
mod conflicts;
mod counts;
mod create;
mod delete;
mod entries;
mod identifiers;
mod json_patch;
mod list;
#[cfg(test)]
mod listing;
mod lookup;
mod messages;
mod model;
mod read;
mod rules;
mod store;
mod tokens;
mod update;
pub(crate) mod view;
mod writes;

use axum::http::Method;

use crate::server::operation::Operation;

pub(crate) use conflicts::{conflict_error, rule_error};
pub(crate) use create::create;
pub(crate) use messages::{request_password_reset, send_activation};
pub(crate) use model::{
    Address, AddressStatus, AddressType, ContactMethod, Credential, CredentialState, CredentialType, Identifier,
    IdentifierType, User, UserStatus, compact, expand,
};
pub(crate) use rules::{address_is_valid, check_schemas, identifier_is_valid};
pub(crate) use store::{Conflict, SubRecord, UserStore};
pub(crate) use writes::LateWrites;

const COLLECTION: &str = "/api/identity/{tid}/system/pools/{ipID}/users";
const ONE: &str = "/api/identity/{tid}/system/pools/{ipID}/users/{userID}";
const BY_KEY: &str = "/api/identity/{tid}/system/pools/{ipID}/users/by_key";
const ADD_IDENTIFIER: &str = "/api/identity/{tid}/system/pools/{ipID}/users/{userID}/identifiers/add";
const REMOVE_IDENTIFIER: &str = "/api/identity/{tid}/system/pools/{ipID}/users/{userID}/identifiers/remove";
const SET_IDENTIFIERS: &str = "/api/identity/{tid}/system/pools/{ipID}/users/{userID}/identifiers/set";
const ADD_ADDRESS: &str = "/api/identity/{tid}/system/pools/{ipID}/users/{userID}/addresses/add";
const UPDATE_ADDRESS: &str = "/api/identity/{tid}/system/pools/{ipID}/users/{userID}/addresses/update";
const REMOVE_ADDRESS: &str = "/api/identity/{tid}/system/pools/{ipID}/users/{userID}/addresses/remove";
const SET_ADDRESSES: &str = "/api/identity/{tid}/system/pools/{ipID}/users/{userID}/addresses/set";
const ACTIVATION: &str = "/api/identity/{tid}/system/pools/{ipID}/users/{userID}/activation/send";
const RESET: &str = "/api/identity/{tid}/system/pools/{ipID}/user/password/reset/request";
const TOKENS: &str = "/api/system/{tid}/pools/{ipID}/tokens";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::identity("list_users", Method::GET, COLLECTION, list::list),
    Operation::identity("create_user", Method::POST, COLLECTION, create),
    Operation::identity("get_user_by_key", Method::POST, BY_KEY, lookup::by_key),
    Operation::identity("get_user", Method::GET, ONE, read::get),
    Operation::identity("update_user", Method::PUT, ONE, update::update),
    Operation::identity("patch_user", Method::PATCH, ONE, update::patch),
    Operation::identity("delete_user", Method::DELETE, ONE, delete::delete),
    Operation::identity("add_identifier", Method::POST, ADD_IDENTIFIER, identifiers::add),
    Operation::identity(
        "remove_identifier",
        Method::POST,
        REMOVE_IDENTIFIER,
        identifiers::remove,
    ),
    Operation::identity("set_identifiers", Method::POST, SET_IDENTIFIERS, identifiers::set),
    Operation::identity("add_address", Method::POST, ADD_ADDRESS, addresses::add),
    Operation::identity("update_address", Method::POST, UPDATE_ADDRESS, addresses::update),
    Operation::identity("remove_address", Method::POST, REMOVE_ADDRESS, addresses::remove),
    Operation::identity("set_addresses", Method::POST, SET_ADDRESSES, addresses::set),
    Operation::identity("send_activation", Method::POST, ACTIVATION, send_activation),
    Operation::identity("request_password_reset", Method::POST, RESET, request_password_reset),
    Operation::system("revoke_tokens", Method::DELETE, TOKENS, "revoke_tokens", tokens::revoke),
];
