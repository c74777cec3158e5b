//! `POST /users/{userID}/identifiers/add`, `/remove` and `/set` (rows 90 to 93).

use serde::Deserialize;

use super::change::{Part, change};
use super::entries::{IDENTIFIER, NewIdentifier, new_identifiers};
use super::model::Identifier;
use super::view::{IdentifierRecord, UserWithData};
use super::writes::Change;
use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::switches::choices::{EntryAgain, RemoveAbsent, RemoveLast, SetEmpty, SetEntryIds};

/// `DeleteUserIdentifier`.
#[derive(Debug, Deserialize)]
struct Removed {
    identifier: String,
}

/// `SetUserIdentifiers`.
#[derive(Debug, Deserialize)]
struct All {
    identifiers: Vec<NewIdentifier>,
}

pub(super) fn add(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request: NewIdentifier = call.json_of(&IDENTIFIER)?;
    let sameness = app.state().sameness(call);
    let is_it = |it: &Identifier| sameness.of(&it.value, &request.identifier);
    change(
        app,
        call,
        Part::Entries,
        |state, user| {
            let made = new_identifiers(state, call, std::slice::from_ref(&request))?;
            if user.identifiers.iter().any(is_it) {
                return match *call.switches.identifier_again {
                    EntryAgain::Refused => Err(ApiError::conflict("Identifier is already used")),
                    EntryAgain::Unchanged => Ok(None),
                };
            }
            Ok(Some(Box::new(move |user| {
                let taken = |new: &Identifier| user.identifiers.iter().any(|it| sameness.of(&it.value, &new.value));
                let made: Vec<_> = made.iter().filter(|new| !taken(new)).cloned().collect();
                user.identifiers.extend(made);
            })))
        },
        |place, user| match user.identifiers.iter().find(|it| is_it(it)) {
            Some(added) => Reply::json(200, &IdentifierRecord::new(place, user, added)),
            None => Reply::empty(500),
        },
    )
}

pub(super) fn remove(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let Removed { identifier } = call.json_of(&["identifier"])?;
    let sameness = app.state().sameness(call);
    change(
        app,
        call,
        Part::Entries,
        |_, user| {
            if !user.identifiers.iter().any(|it| sameness.of(&it.value, &identifier)) {
                return absent(call, "Identifier");
            }
            check_last(call, user.identifiers.len())?;
            Ok(Some(Box::new(move |user| {
                user.identifiers.retain(|it| !sameness.of(&it.value, &identifier));
            })))
        },
        |_, _| Reply::empty(204),
    )
}

pub(super) fn set(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let All { identifiers } = call.json_of(&["identifiers"])?;
    let sameness = app.state().sameness(call);
    change(
        app,
        call,
        Part::Entries,
        |state, user| {
            check_empty(call, identifiers.len())?;
            let mut made = new_identifiers(state, call, &identifiers)?;
            if *call.switches.set_entry_ids == SetEntryIds::Kept {
                for new in &mut made {
                    let equal = |it: &&Identifier| it.kind == new.kind && sameness.of(&it.value, &new.value);
                    if let Some(kept) = user.identifiers.iter().find(equal) {
                        (new.id, new.created_at) = (kept.id.clone(), kept.created_at);
                    }
                }
            }
            Ok(Some(Box::new(move |user| user.identifiers.clone_from(&made))))
        },
        |place, user| Reply::json(200, &UserWithData::new(place, user)),
    )
}

/// Row 92: what the user does not have.
pub(super) fn absent(call: &Call, what: &str) -> Result<Option<Change>, ApiError> {
    match *call.switches.remove_absent {
        RemoveAbsent::NotFound => Err(ApiError::not_found(what)),
        RemoveAbsent::NoContent => Ok(None),
    }
}

/// Row 92: the last one.
pub(super) fn check_last(call: &Call, present: usize) -> Result<(), ApiError> {
    if present == 1 && *call.switches.remove_last == RemoveLast::Refused {
        return Err(ApiError::unprocessable("The last one stays"));
    }
    Ok(())
}

/// Row 93: an empty list.
pub(super) fn check_empty(call: &Call, given: usize) -> Result<(), ApiError> {
    if given == 0 && *call.switches.set_empty == SetEmpty::Refused {
        return Err(ApiError::unprocessable("The list is empty"));
    }
    Ok(())
}
