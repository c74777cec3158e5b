//! Users of a pool (IDS `/system/pools/{ipID}/users`, scope `identity`; docs/reference/secureauth-api.md#users).
//!
//! The parameter `query` of the list is never used: proxies log URLs, and a user name would be part of one.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Api, ApiError, Deleted, ETag, MAX_PAGE, Operation, Page, PoolId, UserId, Versioned,
    access::ReadWrite,
    concerns::{Asked, Concerns, Mismatch, UserKey},
    transport::Call,
};

mod addresses;
mod identifiers;
mod listed;
mod patch;
mod status;
mod tokens;
mod update;
mod user;

pub use addresses::{AddressStatus, AddressType, AddressUpdate, NewAddress};
pub use identifiers::{IdentifierType, NewIdentifier};
pub use listed::ListedUser;
pub use status::UserStatus;
pub use tokens::MAX_REVOKED_USERS;
pub use update::UserUpdate;
pub use user::{Address, Identifier, User};

/// `{"users":[ExtendedUser]}`
#[derive(Deserialize)]
struct Users {
    users: Option<Vec<ListedUser>>,
}

/// `GetUserByKey`: one of the two.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum GetUserByKey<'a> {
    Identifier(&'a str),
    Address(&'a str),
}

impl<'a> From<UserKey<'a>> for GetUserByKey<'a> {
    fn from(key: UserKey<'a>) -> Self {
        match key {
            UserKey::Identifier(identifier) => Self::Identifier(identifier),
            UserKey::Address(address) => Self::Address(address),
        }
    }
}

impl Concerns for Users {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        self.users.concerns(asked)
    }
}

impl<Access> Api<Access> {
    /// `GET …/users/{userID}` (`UserWithData`); `None` for 404.
    pub async fn user(&self, pool: &PoolId, id: &UserId) -> Result<Option<Versioned<User>>, ApiError> {
        let answer = self.get(Operation::GetUser, self.user_url(pool, id)).await?;
        answer.json_if_present(&self.asked_of(pool, Some(id)))
    }

    /// `GET …/users`: at most `limit` (1 to 100) users in the order of their ids, from the start or after an id. Fewer than
    /// `limit` means that the list ends here. The list is always eventually consistent.
    pub async fn users_page(
        &self,
        pool: &PoolId,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<ListedUser>, ApiError> {
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(ApiError::guard(Operation::ListUsers, "the limit must be 1 to 100"));
        }
        let mut url = self.paths().identity(["pools", pool.as_str(), "users"]);
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after_user_id", after.as_str());
        }
        url.query_pairs_mut().append_pair("limit", &limit.to_string());
        let answer = self.get(Operation::ListUsers, url).await?;
        let Users { users } = answer.json(&self.asked_of(pool, None))?.value;
        let users = users.unwrap_or_default();
        match Page::new(users, limit, after, |last| last.id.clone()) {
            Some(page) => Ok(page.items),
            None => Err(answer.unusable()),
        }
    }

    /// `POST …/users/by_key`: the user with this identifier of any type, for example a user name.
    pub async fn find_user_by_identifier(
        &self,
        pool: &PoolId,
        identifier: &str,
    ) -> Result<Option<Versioned<User>>, ApiError> {
        self.find_user(pool, UserKey::Identifier(identifier)).await
    }

    /// `POST …/users/by_key`: the user with this *verified* address.
    pub async fn find_user_by_address(
        &self,
        pool: &PoolId,
        address: &str,
    ) -> Result<Option<Versioned<User>>, ApiError> {
        self.find_user(pool, UserKey::Address(address)).await
    }

    async fn find_user(&self, pool: &PoolId, key: UserKey<'_>) -> Result<Option<Versioned<User>>, ApiError> {
        let url = self.paths().identity(["pools", pool.as_str(), "users", "by_key"]);
        // This POST only reads. With an idempotency key the server would replay an old answer.
        let call = Call::new(Operation::FindUser, Method::POST, url).json(&GetUserByKey::from(key))?;
        self.send(call).await?.json_if_present(&Asked {
            key: Some(key),
            ..self.asked_of(pool, None)
        })
    }

    fn asked_of<'a>(&'a self, pool: &'a PoolId, user: Option<&'a UserId>) -> Asked<'a> {
        Asked {
            pool: Some(pool.as_str()),
            user,
            ..self.asked()
        }
    }

    fn user_url(&self, pool: &PoolId, id: &UserId) -> Url {
        self.paths().identity(["pools", pool.as_str(), "users", id.as_str()])
    }

    /// `…/users/{userID}/identifiers/add` and the like.
    fn entry_url(&self, pool: &PoolId, id: &UserId, [kind, verb]: [&str; 2]) -> Url {
        self.paths()
            .identity(["pools", pool.as_str(), "users", id.as_str(), kind, verb])
    }
}

impl Api<ReadWrite> {
    /// `PUT …/users/{userID}` (`UpdateUser`): replaces the members that are given and keeps the others.
    pub async fn update_user(
        &self,
        pool: &PoolId,
        id: &UserId,
        update: &UserUpdate,
    ) -> Result<Versioned<User>, ApiError> {
        let call = Call::new(Operation::UpdateUser, Method::PUT, self.user_url(pool, id))
            .json(update)?
            .if_match(update.if_match.as_ref());
        self.send(call).await?.json(&self.asked_of(pool, Some(id)))
    }

    /// `DELETE …/users/{userID}`: one user. To remove all users, delete the pool.
    ///
    /// [`Class::Stale`](crate::Class::Stale): the user has changed since `if_match`.
    pub async fn delete_user(&self, pool: &PoolId, id: &UserId, if_match: Option<&ETag>) -> Result<Deleted, ApiError> {
        let call = Call::new(Operation::DeleteUser, Method::DELETE, self.user_url(pool, id)).if_match(if_match);
        self.send(call).await?.deleted()
    }
}
