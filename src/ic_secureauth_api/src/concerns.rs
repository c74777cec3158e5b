//! Checks that every answer is about the resource that the request names (docs/decisions.md#answers-are-compared-with-requests).
//!
//! A cache or a gateway that mixes up requests can answer with another resource, in perfect form. [`Asked`] holds what the request says
//! about the resource; each model compares it with the members of the answer. A member that is absent or empty is no mismatch. An empty
//! list cannot be checked.

use super::{Marker, UserId};

/// What the request says about the resource; `None` where it says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    pub(super) tenant: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) user: Option<&'a UserId>,
    pub(super) parent: Option<&'a str>,
    pub(super) workspace: Option<&'a str>,
    pub(super) pool: Option<&'a str>,
    /// What the request searches a user by, or the identifier or address that it adds or changes.
    pub(super) key: Option<UserKey<'a>>,
    /// The type of that identifier or address.
    pub(super) kind: Option<&'static str>,
    /// The marker that the request creates the resource with.
    pub(super) marker: Option<&'a Marker>,
}

/// A text that belongs to one user. It is personal data, so `Debug` shows its kind only.
#[derive(Clone, Copy)]
pub(super) enum UserKey<'a> {
    Identifier(&'a str),
    Address(&'a str),
}

impl std::fmt::Debug for UserKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Identifier(_) => "Identifier",
            Self::Address(_) => "Address",
        })
    }
}

/// The name of a member that belongs to another resource. Its value is left out, because it may be personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mismatch(pub(super) &'static str);

/// An answer that can be compared with its request.
pub(super) trait Concerns {
    /// Fails with the first member that differs from the request.
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch>;
}

impl<T: Concerns> Concerns for Vec<T> {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        self.iter().try_for_each(|item| item.concerns(asked))
    }
}

/// An absent list is an empty one.
impl<T: Concerns> Concerns for Option<T> {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        self.as_ref().map_or(Ok(()), |value| value.concerns(asked))
    }
}

/// Compares one member.
pub(super) fn same(member: &'static str, shown: Option<&str>, asked: Option<&str>) -> Result<(), Mismatch> {
    let shown = shown.filter(|text| !text.is_empty());
    match (shown, asked) {
        (Some(shown), Some(asked)) if shown != asked => Err(Mismatch(member)),
        _ => Ok(()),
    }
}

/// Compares texts whose case the server may change.
pub(super) fn same_text(member: &'static str, shown: &str, asked: &str) -> Result<(), Mismatch> {
    if shown.to_lowercase() == asked.to_lowercase() {
        Ok(())
    } else {
        Err(Mismatch(member))
    }
}

/// Compares ids of users, of which one UUID has several spellings.
pub(super) fn same_user(shown: &UserId, asked: Option<&UserId>) -> Result<(), Mismatch> {
    if asked.is_none_or(|asked| asked == shown) {
        Ok(())
    } else {
        Err(Mismatch("id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_or_empty_is_no_mismatch_and_what_differs_is_named() {
        for (shown, asked) in [
            (None, Some("a")),
            (Some(""), Some("a")),
            (Some("a"), None),
            (Some("a"), Some("a")),
        ] {
            assert_eq!(same("id", shown, asked), Ok(()), "{shown:?} {asked:?}");
        }
        assert_eq!(same("tenant_id", Some("b"), Some("a")), Err(Mismatch("tenant_id")));
    }

    #[test]
    fn two_spellings_of_a_user_id_are_the_same_user() {
        let spelt = |text: &str| UserId::parse(text).unwrap();
        let asked = spelt("7ef9451f-309a-4433-a2b9-3bb023051d96");
        assert_eq!(
            same_user(&spelt("7EF9451F309A4433A2B93BB023051D96"), Some(&asked)),
            Ok(())
        );
        assert_eq!(same_user(&spelt("another"), Some(&asked)), Err(Mismatch("id")));
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", UserKey::Address("jane@example.com")), "Address");
    }
}
