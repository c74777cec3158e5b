//! Messages that an API client asks for: activation (row 97) and password reset (row 99). Both answer 204 whether or not a message is
//! sent.

use serde::Deserialize;

use super::model::{Address, AddressStatus, User, UserStatus};
use crate::app::App;
use crate::errors::ApiError;
use crate::outbox::MessageKind;
use crate::pools::{Pool, find_live};
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::record_id::RecordId;

/// `SelfSendActivationMessage`. `identifier` is the old name of `address` and wins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Activation {
    address: Option<String>,
    identifier: Option<String>,
}

/// `RequestResetPassword`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reset {
    address: Option<String>,
    identifier: Option<String>,
    #[serde(rename = "userID")]
    user_id: Option<String>,
}

pub(crate) fn send_activation(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request: Activation = call.json_of(&["address", "identifier"])?;
    let mode = call.query("mode").unwrap_or("registration");
    if !["registration", "invitation"].contains(&mode) {
        return Err(ApiError::refusal(*call.switches.invalid_value, "Invalid mode"));
    }
    let mut state = app.state();
    let pool = find_live(&state, call)?;
    let id = RecordId::from(call.param("userID"));
    let user = pool.users.get(&id).ok_or_else(|| ApiError::not_found("User"))?;
    let named = request.identifier.or(request.address);
    let address = match &named {
        Some(address) => own(pool, user, address),
        None => user.addresses.first().filter(|_| user.addresses.len() == 1),
    };
    let address = address.filter(|address| user.status == UserStatus::New && !is_of_another(pool, user, address));
    if let Some(address) = address.map(|address| address.value.clone()) {
        let to = (call.param("ipID"), &id, &*address);
        let details = [Some(mode), call.query("server_id")];
        state.send_message(call.now, MessageKind::Activation, to, details);
    }
    Ok(Reply::empty(204))
}

pub(crate) fn request_password_reset(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request: Reset = call.json_of(&["address", "identifier", "userID"])?;
    if request.identifier.is_some() && request.user_id.is_some() {
        return Err(ApiError::bad_request("Either identifier or userID"));
    }
    let Some(address) = request.address.filter(|address| !address.is_empty()) else {
        return Err(ApiError::unprocessable("address is required"));
    };
    let mut state = app.state();
    let pool = find_live(&state, call)?;
    let named = match (&request.identifier, &request.user_id) {
        (Some(identifier), _) => pool.users.by_identifier(identifier),
        (None, Some(id)) => pool.users.get(&RecordId::from(id.as_str())),
        (None, None) => pool.users.by_verified_address(&address),
    };
    let found = named.and_then(|user| Some((user.id.clone(), own(pool, user, &address)?.value.clone())));
    if let Some((id, address)) = found {
        let to = (call.param("ipID"), &id, &*address);
        let details = [None, call.query("server_id")];
        state.send_message(call.now, MessageKind::PasswordReset, to, details);
    }
    Ok(Reply::empty(204))
}

/// An active address of the user.
fn own<'a>(pool: &Pool, user: &'a User, address: &str) -> Option<&'a Address> {
    let sameness = pool.users.sameness();
    let mut active = user.addresses.iter().filter(|it| it.status == AddressStatus::Active);
    active.find(|it| sameness.of(&it.value, address))
}

/// Whether it is a verified address, or an identifier, of another user.
fn is_of_another(pool: &Pool, user: &User, address: &Address) -> bool {
    let verified = pool.users.by_verified_address(&address.value);
    let named = pool.users.by_identifier(&address.value);
    verified.into_iter().chain(named).any(|other| other.id != user.id)
}
