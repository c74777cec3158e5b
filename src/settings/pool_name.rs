//! The name of a biller's pool (`POOL_NAME`).

use sha2::{Digest, Sha256};

use super::reader::Reader;

const BILLER_ID: &str = "{billerId}";

/// A pattern for the names of pools. SecureAuth may insist on unique names of letters, digits and blanks
/// (docs/reference/secureauth-api.md#a32), so the biller's own name is not used, and its id only in a form that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolName(String);

impl PoolName {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self(reader.text(
            "POOL_NAME",
            "letters, digits, blanks and `{billerId}`, at most 64 characters",
            "{billerId} users",
            is_pattern,
        ))
    }

    /// The name of this biller's pool.
    pub fn of(&self, biller_id: &str) -> String {
        self.0.replace(BILLER_ID, &plain(biller_id))
    }
}

/// The biller id in letters, digits and blanks. Where that is not the id itself, eight digits of its hash keep ids apart that
/// differ in `-` and `_` only.
fn plain(biller_id: &str) -> String {
    if biller_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return biller_id.to_owned();
    }
    let digest = hex::encode(Sha256::digest(biller_id.as_bytes()));
    let words = biller_id.split(['-', '_']).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.chain(digest.get(..8)).collect();
    words.join(" ")
}

fn is_pattern(text: &str) -> bool {
    text.len() <= 64
        && text
            .replace(BILLER_ID, "")
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_biller_id_is_put_in() {
        assert_eq!(PoolName("{billerId} users".into()).of("1876"), "1876 users");
        assert_eq!(PoolName("UserPool".into()).of("18-76"), "UserPool");
    }

    #[test]
    fn every_biller_id_makes_a_name_of_letters_digits_and_single_blanks_and_no_two_make_the_same() {
        let long = "_-Z9".repeat(16);
        let ids = ["a-b", "a_b", "a--b", "-a-b-", "ab", "AB", "a", "-", "_", "__", &long];
        let names: HashSet<String> = ids
            .iter()
            .map(|id| PoolName("{billerId} users".into()).of(id))
            .collect();
        assert_eq!(names.len(), ids.len(), "{names:?}");
        for name in names {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ';
            assert!(
                name.bytes().all(fits) && !name.contains("  ") && name.trim() == name,
                "{name:?}"
            );
        }
    }

    #[test]
    fn other_braces_and_other_characters_are_refused() {
        assert!(is_pattern("Pool {billerId}"));
        for bad in ["Pool {billerName}", "Smith & Sons", "User-Pool", "{billerId}_users"] {
            assert!(!is_pattern(bad), "{bad}");
        }
    }
}
