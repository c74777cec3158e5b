//! A data error of one user: who, which field, what kind. Never a value (S1).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// NULL or empty.
    Missing,
    /// Not of the form SecureAuth accepts (reference 2.3 "Rules on values").
    Invalid,
    /// Longer than allowed.
    TooLong,
    /// Another row of the biller has the same, ignoring case.
    Duplicate,
    /// Not one of the view's words.
    UnknownValue,
    /// SecureAuth refused exactly this record.
    Refused,
}

/// The member a data error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    /// The row's key.
    UserGuid,
    /// Becomes the `uid` identifier.
    UserName,
    /// Becomes the verifiable address.
    Email,
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// `active|inactive|new|deleted`.
    Status,
    /// The record as a whole, where SecureAuth does not say which part.
    User,
}

/// One data error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    /// The row, unless the key itself is missing.
    pub user_guid: Option<Uuid>,
    /// Which member.
    pub field: Field,
    /// What is wrong with it.
    pub code: Code,
}

impl Code {
    /// The word used in the database and over HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::TooLong => "too-long",
            Self::Duplicate => "duplicate",
            Self::UnknownValue => "unknown-value",
            Self::Refused => "refused",
        }
    }

    /// The code of a database word.
    pub fn parse(word: &str) -> Option<Self> {
        use Code::{Duplicate, Invalid, Missing, Refused, TooLong, UnknownValue};
        [Missing, Invalid, TooLong, Duplicate, UnknownValue, Refused]
            .into_iter()
            .find(|code| code.as_str() == word)
    }
}

impl Field {
    /// The word used in the database and over HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserGuid => "userGuid",
            Self::UserName => "userName",
            Self::Email => "email",
            Self::FirstName => "firstName",
            Self::LastName => "lastName",
            Self::Status => "status",
            Self::User => "user",
        }
    }

    /// The field of a database word.
    pub fn parse(word: &str) -> Option<Self> {
        use Field::{Email, FirstName, LastName, Status, User, UserGuid, UserName};
        [UserGuid, UserName, Email, FirstName, LastName, Status, User]
            .into_iter()
            .find(|field| field.as_str() == word)
    }
}
