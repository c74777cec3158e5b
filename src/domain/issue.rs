//! A data error of one CRM row: GUID, field and code, never a value (docs/requirements.md#s1).

use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use uuid::Uuid;

/// The kind of a data error.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumString, IntoStaticStr, VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum Code {
    /// NULL or blank.
    Missing,
    /// SecureAuth does not accept this form (docs/reference/secureauth-api.md#import-values).
    Invalid,
    /// The database holds bytes there that are no text.
    Unreadable,
    /// Control characters, characters without a width, or characters that change the direction of what follows.
    HiddenCharacter,
    /// Longer than 256 characters, or than the payload schema allows.
    TooLong,
    /// Another row of the biller has the same value, as the pool compares it.
    Duplicate,
    /// Not one of the values that the view may contain.
    UnknownValue,
    /// Another account of the pool has the same value, or another row has the address as its user name.
    Held,
    /// SecureAuth refused this record and no other of its chunk.
    Refused,
    /// The user left the CRM and keeps access (`LEAVERS=keep`).
    Left,
    /// The CRM gives no access to a user that a found pool held before, and the pool still does (`ADOPT_EXISTING_USERS`).
    NotAdopted,
    /// SecureAuth refuses to set inactive a user who is to have no access.
    NotDeactivated,
    /// Sessions could not be ended.
    NotRevoked,
    /// The rollback left the user in the pool, because it has enrolled a credential.
    Enrolled,
}

impl Code {
    /// The row is wrong, so its user is left out. The other codes are no fault of the row.
    pub fn is_data_error(self) -> bool {
        !matches!(
            self,
            Self::Left | Self::NotAdopted | Self::NotDeactivated | Self::NotRevoked | Self::Enrolled
        )
    }
}

/// The column that a data error is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumString, IntoStaticStr, VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum Field {
    /// The row's key.
    UserGuid,
    /// Sent as the identifier.
    UserName,
    /// Sent as the verifiable address.
    Email,
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// `active|inactive|new|deleted`.
    Status,
    /// The row as a whole: SecureAuth or the payload schema names no column of ours.
    User,
    /// The biller's name, sent as the organization's.
    BillerName,
}

/// One data error of one row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Issue {
    /// The row's key; `None` when the key itself is missing.
    pub user_guid: Option<Uuid>,
    /// The column with the error.
    pub field: Field,
    /// The kind of the error.
    pub code: Code,
    /// For [`Code::Held`]: the GUID of the holder, or its id in SecureAuth if it has no account.
    pub held_by: Option<String>,
}

impl Issue {
    /// An error of a row's own value.
    pub fn of(user_guid: Option<Uuid>, field: Field, code: Code) -> Self {
        Self {
            user_guid,
            field,
            code,
            held_by: None,
        }
    }

    /// Another user of the pool has the value.
    pub fn held(user_guid: Uuid, field: Field, held_by: String) -> Self {
        Self {
            held_by: Some(held_by),
            ..Self::of(Some(user_guid), field, Code::Held)
        }
    }
}
