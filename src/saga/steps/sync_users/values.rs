//! Hashes of the values of an account. They show a later run what changed in the CRM, without keeping personal data.

use sha2::{Digest, Sha256};

pub(in super::super) use crate::domain::text::fold;
use crate::store::{Account, ValueHash};
use ic_secureauth_api::{PayloadMembers, User};

/// Of the three parts of an account that are sent by calls of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Hashes {
    pub(in super::super) name: Option<ValueHash>,
    pub(in super::super) address: Option<ValueHash>,
    pub(super) profile: Option<ValueHash>,
}

/// The values that the hashes cover.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts<'a> {
    pub(super) user_name: Option<&'a str>,
    pub(super) email: Option<&'a str>,
    pub(super) first_name: Option<&'a str>,
    pub(super) last_name: Option<&'a str>,
    /// The member of the payload that repeats the user name.
    pub(super) payload_user_name: Option<&'a str>,
}

impl Hashes {
    /// What the account says.
    pub(super) fn known(account: &Account) -> Self {
        Self {
            name: account.name_hash,
            address: account.address_hash,
            profile: account.profile_hash,
        }
    }

    pub(super) fn of(parts: Parts<'_>, case_insensitive: bool) -> Self {
        let name = parts.user_name.map(|name| name_hash(name, case_insensitive));
        let address = parts.email.map(address_hash);
        let profile = hash(&[parts.first_name, parts.last_name, parts.payload_user_name]);
        Self {
            name,
            address,
            profile: Some(profile),
        }
    }

    /// Of what SecureAuth shows; equal to the hashes of an import of the same values.
    pub(super) fn shown(user: &User, members: &PayloadMembers, case_insensitive: bool) -> Self {
        let [first_name, last_name, user_name] = members.names();
        let member = |name: &str| user.payload.as_ref()?.get(name)?.as_str();
        let name = user.identifiers.iter().find(|it| it.kind == "uid");
        let email = user.verifiable_addresses.iter().find(|it| it.kind == "email");
        let parts = Parts {
            user_name: name.map(|it| it.identifier.as_str()),
            email: email.map(|it| it.address.as_str()),
            first_name: member(first_name),
            last_name: member(last_name),
            payload_user_name: member(user_name),
        };
        Self::of(parts, case_insensitive)
    }
}

/// Of a user name in the form in which the pool compares it.
pub(super) fn name_hash(name: &str, case_insensitive: bool) -> ValueHash {
    hash(&[Some(&fold(name, case_insensitive))])
}

/// Of an e-mail address, whose case is ignored.
pub(super) fn address_hash(address: &str) -> ValueHash {
    hash(&[Some(&fold(address, true))])
}

/// The length before each value tells apart what would be the same text when joined; an absent value has no length.
fn hash(values: &[Option<&str>]) -> ValueHash {
    let mut sha = Sha256::new();
    for value in values {
        match value {
            Some(text) => {
                sha.update([1]);
                sha.update((text.len() as u64).to_le_bytes());
                sha.update(text.as_bytes());
            }
            None => sha.update([0]),
        }
    }
    let digest: [u8; 32] = sha.finalize().into();
    let mut first = ValueHash::default();
    first.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    first
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent() -> Parts<'static> {
        Parts {
            user_name: Some("RSable"),
            email: Some("rsable@invoicecloud.com"),
            first_name: Some("demo"),
            last_name: None,
            payload_user_name: Some("RSable"),
        }
    }

    fn shown(first_name: &str) -> User {
        let shown = json!({
            "id": "7", "status": "active",
            "payload": {"first_name": first_name, "user_name": "RSable", "theirs": 1},
            "identifiers": [{"identifier": "rs@x.com", "type": "email"}, {"identifier": "rsable", "type": "uid"}],
            "verifiable_addresses": [{"address": "RSable@invoicecloud.com", "type": "email"}],
        });
        serde_json::from_value(shown).expect("a user")
    }

    #[test]
    fn what_is_shown_has_the_hashes_of_what_was_sent_if_nothing_changed() {
        let members = PayloadMembers::default();
        let wanted = Hashes::of(sent(), true);
        assert_eq!(Hashes::shown(&shown("demo"), &members, true), wanted);
        let other = Hashes::shown(&shown("other"), &members, true);
        assert_eq!((other.name, other.address), (wanted.name, wanted.address));
        assert_ne!(other.profile, wanted.profile);
    }

    #[test]
    fn an_absent_name_is_not_an_empty_one_and_values_do_not_run_together() {
        let profile = |first_name, last_name| {
            let parts = Parts {
                first_name,
                last_name,
                ..Parts::default()
            };
            Hashes::of(parts, true).profile
        };
        assert_ne!(profile(None, None), profile(Some(""), None));
        assert_ne!(profile(Some("ab"), Some("c")), profile(Some("a"), Some("bc")));
    }

    #[test]
    fn case_counts_where_the_pool_tells_it_apart() {
        assert_eq!(name_hash("Bob", true), name_hash("bob", true));
        assert_ne!(name_hash("Bob", false), name_hash("bob", false));
    }
}
