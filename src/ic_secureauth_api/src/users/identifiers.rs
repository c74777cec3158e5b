//! The names that one user signs in with, added and removed one by one
//! (docs/reference/secureauth-api.md#users-identifiers, docs/reference/secureauth-api.md#rules-entries-of-a-user).

use std::fmt;

use reqwest::Method;
use serde::Serialize;
use strum::IntoStaticStr;

use super::{
    super::{
        Api, ApiError, Deleted, ETag, IdempotencyKey, Operation, PoolId, UserId, Versioned,
        access::ReadWrite,
        concerns::{Asked, UserKey},
        transport::Call,
    },
    user::{Entry, Identifier},
};

/// Kind of an identifier (IDS `UserIdentifier.type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, IntoStaticStr)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum IdentifierType {
    /// An e-mail address.
    Email,
    /// A phone number in E.164 form.
    Mobile,
    /// A user name: ASCII without blanks.
    Uid,
    /// A name from another system.
    External,
    /// A name at another identity provider.
    Federated,
}

/// The identifier that an addition makes (IDS `AddUserIdentifier`). The server chooses the id of its record.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct NewIdentifier {
    /// No other user of the pool may have it.
    pub identifier: String,
    /// Decides which texts are valid.
    #[serde(rename = "type")]
    pub kind: IdentifierType,
}

/// `DeleteUserIdentifier`
#[derive(Serialize)]
struct DeleteUserIdentifier<'a> {
    identifier: &'a str,
}

/// The kind only: the rest is personal data.
impl fmt::Debug for NewIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewIdentifier")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Api<ReadWrite> {
    /// `POST …/users/{userID}/identifiers/add`. The tag of the result is the user's new one.
    ///
    /// Repeated only while the server remembers the key. [`is_conflict`](ApiError::is_conflict): a user of the pool has the identifier;
    /// [`find_user_by_identifier`](Api::find_user_by_identifier) names it, and it may be this one. 404: the user is not there. 422: not
    /// valid for its type. [`Class::Stale`](crate::Class::Stale): the user has changed since `if_match`. After
    /// [`outcome_unknown`](ApiError::outcome_unknown) read the user and compare.
    pub async fn add_identifier(
        &self,
        pool: &PoolId,
        user: &UserId,
        new: &NewIdentifier,
        key: &IdempotencyKey,
        if_match: Option<&ETag>,
    ) -> Result<Versioned<Identifier>, ApiError> {
        let url = self.entry_url(pool, user, ["identifiers", "add"]);
        let call = Call::new(Operation::AddIdentifier, Method::POST, url)
            .json(new)?
            .key(key)
            .if_match(if_match);
        let asked = Asked {
            key: Some(UserKey::Identifier(&new.identifier)),
            kind: Some(new.kind.into()),
            ..self.asked_of(pool, Some(user))
        };
        let added: Versioned<Entry<Identifier>> = self.send(call).await?.json(&asked)?;
        Ok(added.map(|entry| entry.value))
    }

    /// `POST …/users/{userID}/identifiers/remove`. Needs no key, because a repetition finds nothing to remove.
    ///
    /// [`Deleted::WasAbsent`] (404): the user has no such identifier, or there is no such user. The tag of the result is the user's new
    /// one, absent after 404. [`Class::Stale`](crate::Class::Stale): the user has changed since `if_match`.
    pub async fn remove_identifier(
        &self,
        pool: &PoolId,
        user: &UserId,
        identifier: &str,
        if_match: Option<&ETag>,
    ) -> Result<Versioned<Deleted>, ApiError> {
        let url = self.entry_url(pool, user, ["identifiers", "remove"]);
        let call = Call::new(Operation::RemoveIdentifier, Method::POST, url)
            .json(&DeleteUserIdentifier { identifier })?
            .if_match(if_match);
        self.send(call).await?.removed()
    }
}
