//! A biller's user: the raw row of `ciam.BillerUser`, and the checked user that may be sent.

use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use super::issue::{Code, Field, Issue};
use super::text;

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
    /// `active|inactive|new|deleted`, in any case.
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
    /// A valid ASCII e-mail address of at most 256 characters; an international domain is in its ASCII form.
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

/// What a row that gives no access says of its user, unchecked.
#[derive(Clone, PartialEq, Eq)]
pub struct BarredUser {
    /// The CRM's key.
    pub user_guid: Uuid,
    /// Sign-in name; empty without one.
    pub user_name: String,
}

impl std::fmt::Debug for BarredUser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "BarredUser({})", self.user_guid)
    }
}

/// A row without data errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// A user to be sent.
    User(CrmUser),
    /// A row with status `deleted`: counted, never sent.
    Deleted,
}

impl UserRow {
    /// Whether the row says, whatever else is wrong with it, that its user has no access.
    pub fn is_barred(&self) -> bool {
        matches!(self.status_text().as_deref(), Ok("inactive" | "deleted"))
    }

    /// What is left of a row that gives no access.
    pub fn barred_user(&self, user_guid: Uuid) -> BarredUser {
        let user_name = self.user_name.as_deref().unwrap_or_default().trim().to_owned();
        BarredUser { user_guid, user_name }
    }

    /// Checks the row by itself; [`super::user_set`] finds what rows must not share. Whatever is sent, hashed or compared later
    /// has the form that it gets here.
    ///
    /// # Errors
    /// Every data error of the row.
    pub fn check(self) -> Result<Checked, Vec<Issue>> {
        let mut issues = Issues {
            user_guid: self.user_guid,
            found: Vec::new(),
        };
        let user_guid = issues.keep(Field::UserGuid, self.user_guid.ok_or(Code::Missing));
        let status = self.status_text();
        if status.as_deref() == Ok("deleted") {
            return user_guid.map(|_| Checked::Deleted).ok_or(issues.found);
        }
        let status = status.and_then(|text| text.parse().map_err(|_| Code::UnknownValue));
        let status = issues.keep(Field::Status, status);
        let user_name = issues.keep(Field::UserName, user_name(self.user_name.as_deref()));
        let email = issues.keep(Field::Email, email(self.email.as_deref()));
        let first_name = issues.keep(Field::FirstName, name(self.first_name.as_deref()));
        let last_name = issues.keep(Field::LastName, name(self.last_name.as_deref()));
        match (user_guid, user_name, email, first_name, last_name, status) {
            (Some(user_guid), Some(user_name), Some(email), Some(first_name), Some(last_name), Some(status)) => {
                Ok(Checked::User(CrmUser {
                    user_guid,
                    user_name,
                    email,
                    first_name,
                    last_name,
                    status,
                }))
            }
            _ => Err(issues.found),
        }
    }

    /// The status as the string enum spells it.
    fn status_text(&self) -> Result<String, Code> {
        text::usable(self.status.as_deref()).map(str::to_ascii_lowercase)
    }
}

/// The data errors of one row.
struct Issues {
    user_guid: Option<Uuid>,
    found: Vec<Issue>,
}

impl Issues {
    fn keep<T>(&mut self, field: Field, checked: Result<T, Code>) -> Option<T> {
        checked
            .map_err(|code| self.found.push(Issue::of(self.user_guid, field, code)))
            .ok()
    }
}

fn user_name(text: Option<&str>) -> Result<String, Code> {
    let text = short(text)?;
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(Code::Invalid)
    }
}

fn email(text: Option<&str>) -> Result<String, Code> {
    let address = text::with_ascii_domain(short(text)?).ok_or(Code::Invalid)?;
    if is_too_long(&address) {
        Err(Code::TooLong)
    } else if is_email(&address) {
        Ok(address.into_owned())
    } else {
        Err(Code::Invalid)
    }
}

/// A name that may be absent.
fn name(text: Option<&str>) -> Result<Option<String>, Code> {
    match short(text) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(Code::Missing) => Ok(None),
        Err(code) => Err(code),
    }
}

/// A usable text of at most 256 characters.
fn short(text: Option<&str>) -> Result<&str, Code> {
    if text.is_some_and(|text| is_too_long(text.trim())) {
        return Err(Code::TooLong);
    }
    text::usable(text)
}

fn is_too_long(text: &str) -> bool {
    text.chars().count() > LONGEST
}

fn is_email(text: &str) -> bool {
    text.is_ascii() && email_address::EmailAddress::is_valid(text) && !text.contains(['"', ' ', '<'])
}

#[cfg(test)]
mod tests;
