//! The names that the host accepts for functions, bindings and queues (S1).

/// `^[a-z][a-z0-9_\-]{0,127}$` ignoring case, and not `host`.
pub(crate) fn is_function_name(name: &str) -> bool {
    starts_with_letter(name)
        && name.len() <= 128
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !name.eq_ignore_ascii_case("host")
}

/// `^[a-zA-Z][a-zA-Z0-9]{0,127}$`; the real host takes `$return` too, which no app here has.
pub(crate) fn is_binding_name(name: &str) -> bool {
    starts_with_letter(name) && name.len() <= 128 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The storage account's rule: 3–63 lower-case letters, digits and single hyphens, with a letter or digit at both ends.
pub(crate) fn is_queue_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

fn starts_with_letter(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_names_may_hold_hyphens_but_binding_names_may_not() {
        assert!(is_function_name("function-onboard-biller"));
        assert!(is_function_name("A_b-9"));
        for name in ["", "1a", "-a", "host", "Host", "a b", &"a".repeat(129)] {
            assert!(!is_function_name(name), "{name}");
        }
        assert!(is_binding_name("migrateUsers"));
        for name in ["", "migrate-users", "migrate_users", "9a", "$return", &"a".repeat(129)] {
            assert!(!is_binding_name(name), "{name}");
        }
    }

    #[test]
    fn queue_names_follow_the_rule_of_storage() {
        assert!(is_queue_name("migrate-users"));
        for name in ["ab", "Upper", "a--b", "-ab", "ab-", "a_b", &"a".repeat(64)] {
            assert!(!is_queue_name(name), "{name}");
        }
    }
}
