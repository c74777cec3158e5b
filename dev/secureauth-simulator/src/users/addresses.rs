//! `POST /users/{userID}/addresses/add`, `/update`, `/remove` and `/set` (rows 92 to 94).

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::change::{Part, change};
use super::entries::{ADDRESS, NewAddress, check_contact_method, known, new_addresses};
use super::identifiers::{absent, check_empty, check_last};
use super::model::{Address, AddressStatus, User, compact};
use super::view::{AddressRecord, Place, UserWithData};
use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::switches::choices::{EntryAgain, SetEntryIds};

/// `DeleteUserVerifiableAddress`.
#[derive(Debug, Deserialize)]
struct Removed {
    address: String,
}

/// `SetUserVerifiableAddresses`.
#[derive(Debug, Deserialize)]
struct All {
    addresses: Vec<NewAddress>,
}

/// `UpdateUserVerifiableAddress`.
#[derive(Debug, Deserialize)]
struct Update {
    address: String,
    status: String,
    verified: bool,
    allowed_for_2fa: Option<bool>,
    preferred_contact_method: Option<String>,
    metadata: Option<Map<String, Value>>,
}

pub(super) fn add(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request: NewAddress = call.json_of(&ADDRESS)?;
    let sameness = app.state().sameness(call);
    let is_it = |it: &Address| sameness.of(&it.value, &request.address);
    change(
        app,
        call,
        Part::Entries,
        |state, user| {
            let made = new_addresses(state, call, std::slice::from_ref(&request), Some(AddressStatus::Active))?;
            if user.addresses.iter().any(is_it) {
                return match *call.switches.identifier_again {
                    EntryAgain::Refused => Err(ApiError::conflict("The user has the address")),
                    EntryAgain::Unchanged => Ok(None),
                };
            }
            Ok(Some(Box::new(move |user| {
                let taken = |new: &Address| user.addresses.iter().any(|it| sameness.of(&it.value, &new.value));
                let made: Vec<_> = made.iter().filter(|new| !taken(new)).cloned().collect();
                user.addresses.extend(made);
            })))
        },
        |place, user| answer(place, user, is_it),
    )
}

pub(super) fn update(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request: Update = call.json_of(&ADDRESS)?;
    let sameness = app.state().sameness(call);
    let is_it = |it: &Address| sameness.of(&it.value, &request.address);
    change(
        app,
        call,
        Part::Entries,
        |_, user| {
            let status: AddressStatus = known(call, &request.status)?;
            check_contact_method(call, request.preferred_contact_method.as_deref())?;
            if !user.addresses.iter().any(is_it) {
                return Err(ApiError::not_found("Address"));
            }
            let (address, now) = (request.address.clone(), call.now);
            let (verified, for_2fa) = (request.verified, request.allowed_for_2fa);
            let metadata = request.metadata.as_ref().map(compact);
            Ok(Some(Box::new(move |user| {
                let own = user.addresses.iter_mut().filter(|it| sameness.of(&it.value, &address));
                for it in own {
                    it.status = status;
                    it.verified_at = verified.then(|| it.verified_at.unwrap_or(now));
                    it.verified = verified;
                    it.allowed_for_2fa = for_2fa.unwrap_or(it.allowed_for_2fa);
                    if metadata.is_some() {
                        it.metadata.clone_from(&metadata);
                    }
                    it.updated_at = now;
                }
            })))
        },
        |place, user| answer(place, user, is_it),
    )
}

pub(super) fn remove(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let Removed { address } = call.json_of(&["address"])?;
    let sameness = app.state().sameness(call);
    change(
        app,
        call,
        Part::Entries,
        |_, user| {
            if !user.addresses.iter().any(|it| sameness.of(&it.value, &address)) {
                return absent(call, "Address");
            }
            check_last(call, user.addresses.len())?;
            Ok(Some(Box::new(move |user| {
                user.addresses.retain(|it| !sameness.of(&it.value, &address));
            })))
        },
        |_, _| Reply::empty(204),
    )
}

pub(super) fn set(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let All { addresses } = call.json_of(&["addresses"])?;
    let sameness = app.state().sameness(call);
    change(
        app,
        call,
        Part::Entries,
        |state, user| {
            check_empty(call, addresses.len())?;
            let mut seen = HashSet::new();
            if !addresses.iter().all(|new| seen.insert(sameness.key(&new.address))) {
                let refusal = *call.switches.duplicate_in_payload;
                return Err(ApiError::refusal(refusal, "Duplicate address"));
            }
            let mut made = new_addresses(state, call, &addresses, None)?;
            if *call.switches.set_entry_ids == SetEntryIds::Kept {
                for new in &mut made {
                    let equal = |it: &&Address| it.kind == new.kind && sameness.of(&it.value, &new.value);
                    if let Some(kept) = user.addresses.iter().find(equal) {
                        (new.id, new.created_at) = (kept.id.clone(), kept.created_at);
                    }
                }
            }
            Ok(Some(Box::new(move |user| user.addresses.clone_from(&made))))
        },
        |place, user| Reply::json(200, &UserWithData::new(place, user)),
    )
}

fn answer(place: Place<'_>, user: &User, is_it: impl Fn(&Address) -> bool) -> Reply {
    match user.addresses.iter().find(|it| is_it(it)) {
        Some(address) => Reply::json(200, &AddressRecord::new(place, user, address)),
        None => Reply::empty(500),
    }
}
