//! A biller's user: the raw row of `ciam.BillerUser`, and the checked user that may be sent.

use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use super::issue::{Code, Field, Issue};

const LONGEST: usize = 256;

/// A row of the view; untrusted, so every column may be NULL.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UserRow {
    /// The CRM's key.
    pub user_guid: Option<Uuid>,
    /// Sign-in name.
    pub user_name: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// `active|inactive|new|deleted`.
    pub status: Option<String>,
}

/// A user's status in the CRM. `deleted` rows never become a [`CrmUser`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// May sign in; sent as `ACTIVE_USER_STATUS`.
    Active,
    /// May not sign in.
    Inactive,
    /// Has not activated the account yet.
    New,
}

/// A user without data errors, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct CrmUser {
    /// The CRM's key.
    pub user_guid: Uuid,
    /// At most 256 visible ASCII characters (docs/reference/secureauth-api.md#import-values).
    pub user_name: String,
    /// A valid ASCII e-mail address of at most 256 characters.
    pub email: String,
    /// At most 256 characters; `None` is left out of the payload.
    pub first_name: Option<String>,
    /// At most 256 characters; `None` is left out of the payload.
    pub last_name: Option<String>,
    /// The CRM's status.
    pub status: Status,
}

impl std::fmt::Debug for UserRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "UserRow({:?})", self.user_guid)
    }
}

impl std::fmt::Debug for CrmUser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "CrmUser({})", self.user_guid)
    }
}

/// What a row with status `deleted` says of its user, unchecked.
#[derive(Clone, PartialEq, Eq)]
pub struct DeletedUser {
    /// The CRM's key.
    pub user_guid: Uuid,
    /// Sign-in name; empty without one.
    pub user_name: String,
}

impl std::fmt::Debug for DeletedUser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DeletedUser({})", self.user_guid)
    }
}

/// A row without data errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// A user to be sent.
    User(CrmUser),
    /// A row with status `deleted`: counted, never sent.
    Deleted(DeletedUser),
}

impl UserRow {
    /// Whether the row says, whatever else is wrong with it, that its user has no access.
    pub fn is_barred(&self) -> bool {
        matches!(self.status.as_deref(), Some("inactive" | "deleted"))
    }

    /// Checks the row by itself; [`super::user_set`] finds what rows must not share.
    ///
    /// # Errors
    /// Every data error of the row.
    pub fn check(self) -> Result<Checked, Vec<Issue>> {
        let mut issues = Vec::new();
        let guid = self.user_guid;
        let mut report = |field, code| {
            issues.push(Issue::of(guid, field, code));
        };
        if guid.is_none() {
            report(Field::UserGuid, Code::Missing);
        }
        let status = match self.status.as_deref() {
            Some("deleted") => {
                let user_name = self.user_name.unwrap_or_default();
                let deleted = guid.map(|user_guid| DeletedUser { user_guid, user_name });
                return deleted.map(Checked::Deleted).ok_or(issues);
            }
            None | Some("") => {
                report(Field::Status, Code::Missing);
                None
            }
            Some(text) => {
                let status = text.parse().ok();
                if status.is_none() {
                    report(Field::Status, Code::UnknownValue);
                }
                status
            }
        };
        let user_name = required(self.user_name, Field::UserName, is_user_name, &mut report);
        let email = required(self.email, Field::Email, is_email, &mut report);
        let first_name = optional(self.first_name, Field::FirstName, &mut report);
        let last_name = optional(self.last_name, Field::LastName, &mut report);
        match (guid, user_name, email, status) {
            (Some(user_guid), Some(user_name), Some(email), Some(status)) if issues.is_empty() => {
                Ok(Checked::User(CrmUser {
                    user_guid,
                    user_name,
                    email,
                    first_name,
                    last_name,
                    status,
                }))
            }
            _ => Err(issues),
        }
    }
}

fn required(
    value: Option<String>,
    field: Field,
    is_valid: fn(&str) -> bool,
    report: &mut impl FnMut(Field, Code),
) -> Option<String> {
    match value {
        Some(text) if text.trim().is_empty() => {
            report(field, Code::Missing);
            None
        }
        None => {
            report(field, Code::Missing);
            None
        }
        Some(text) if text.chars().count() > LONGEST => {
            report(field, Code::TooLong);
            None
        }
        Some(text) if !is_valid(&text) => {
            report(field, Code::Invalid);
            None
        }
        valid => valid,
    }
}

fn optional(value: Option<String>, field: Field, report: &mut impl FnMut(Field, Code)) -> Option<String> {
    let text = value.filter(|text| !text.trim().is_empty())?;
    if text.chars().count() > LONGEST {
        report(field, Code::TooLong);
        None
    } else if text.chars().any(char::is_control) {
        report(field, Code::Invalid);
        None
    } else {
        Some(text)
    }
}

fn is_user_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_email(text: &str) -> bool {
    text.is_ascii() && email_address::EmailAddress::is_valid(text) && !text.contains(['"', ' ', '<'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> UserRow {
        UserRow {
            user_guid: Some(Uuid::from_u128(7)),
            user_name: Some("rsable".into()),
            first_name: Some("demo".into()),
            last_name: None,
            email: Some("rsable@invoicecloud.com".into()),
            status: Some("active".into()),
        }
    }

    fn codes(row: UserRow) -> Vec<(Field, Code)> {
        row.check()
            .expect_err("has data errors")
            .into_iter()
            .map(|issue| (issue.field, issue.code))
            .collect()
    }

    #[test]
    fn a_complete_row_becomes_a_user_and_absent_names_stay_absent() {
        let Ok(Checked::User(user)) = row().check() else {
            panic!("is valid")
        };
        assert_eq!(user.first_name.as_deref(), Some("demo"));
        assert_eq!(user.last_name, None);
        assert_eq!(user.status, Status::Active);
    }

    #[test]
    fn every_data_error_of_a_row_is_found_at_once() {
        let bad = UserRow {
            user_guid: None,
            user_name: Some("two words".into()),
            email: Some("not-an-address".into()),
            status: Some("retired".into()),
            ..row()
        };
        assert_eq!(
            codes(bad),
            [
                (Field::UserGuid, Code::Missing),
                (Field::Status, Code::UnknownValue),
                (Field::UserName, Code::Invalid),
                (Field::Email, Code::Invalid),
            ]
        );
    }

    #[test]
    fn user_names_are_ascii_without_blanks_or_control_characters() {
        for bad in ["jörg", "a b", "a\tb", "a\u{7f}"] {
            let row = UserRow {
                user_name: Some(bad.into()),
                ..row()
            };
            assert_eq!(codes(row), [(Field::UserName, Code::Invalid)], "{bad:?}");
        }
    }

    #[test]
    fn a_deleted_row_is_left_out_whatever_else_is_wrong_with_it() {
        let deleted = UserRow {
            status: Some("deleted".into()),
            email: None,
            ..row()
        };
        let expected = DeletedUser {
            user_guid: Uuid::from_u128(7),
            user_name: "rsable".into(),
        };
        assert_eq!(deleted.check(), Ok(Checked::Deleted(expected)));
    }

    #[test]
    fn debug_output_shows_no_personal_data() {
        let Ok(checked) = row().check() else { panic!("is valid") };
        let shown = format!("{:?} {checked:?}", row());
        assert!(!shown.contains("rsable") && !shown.contains("demo"), "{shown}");
    }
}
