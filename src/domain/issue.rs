//! A data error of one user: who, which field, what kind. Never a value (S1).

use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use uuid::Uuid;

/// What is wrong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumString, IntoStaticStr, VariantNames,
)]
#[strum(serialize_all = "snake_case")]
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
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumString, IntoStaticStr, VariantNames,
)]
#[strum(serialize_all = "snake_case")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Issue {
    /// The row, unless the key itself is missing.
    pub user_guid: Option<Uuid>,
    /// Which member.
    pub field: Field,
    /// What is wrong with it.
    pub code: Code,
}
