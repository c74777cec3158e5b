//! The name of a biller's pool (`POOL_NAME`).

use super::reader::Reader;

const BILLER_ID: &str = "{billerId}";

/// A pattern for the names of pools. The biller's own name is not used, because SecureAuth may insist on unique names
/// without special characters (docs/reference/secureauth-api.md#a32).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolName(String);

impl PoolName {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self(reader.text(
            "POOL_NAME",
            "letters, digits, blanks, `-`, `_` and `{billerId}`, at most 64 characters",
            "{billerId} users",
            is_pattern,
        ))
    }

    /// The name of this biller's pool.
    pub fn of(&self, biller_id: &str) -> String {
        self.0.replace(BILLER_ID, biller_id)
    }
}

fn is_pattern(text: &str) -> bool {
    text.len() <= 64
        && text
            .replace(BILLER_ID, "")
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" -_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_biller_id_is_put_in() {
        assert_eq!(PoolName("{billerId} users".into()).of("1876"), "1876 users");
        assert_eq!(PoolName("UserPool".into()).of("1876"), "UserPool");
    }

    #[test]
    fn other_braces_are_refused() {
        assert!(is_pattern("Pool {billerId}"));
        assert!(!is_pattern("Pool {billerName}"));
        assert!(!is_pattern("Smith & Sons"));
    }
}
