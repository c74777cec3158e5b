//! Settings of the person's shell that reach the handler: those that decide what is created and how users' data is checked. All others
//! belong to the stack, so that a shell that is set up for something else cannot break it.

/// The section "What is created" of docs/SETTINGS.md.
const PASSED_ON: [&str; 22] = [
    "PARENT_ORGANIZATION_ID",
    "ORGANIZATION_ID_PREFIX",
    "CREATE_DEACTIVATED",
    "POOL_NAME",
    "IDENTIFIER_CASE_INSENSITIVE",
    "AUTHENTICATION_MECHANISMS",
    "PREFERRED_AUTHENTICATION_MECHANISM",
    "SECOND_FACTOR_MECHANISMS",
    "ALLOW_SKIP_2FA",
    "ADDRESS_VERIFIED",
    "ADDRESS_ALLOWED_FOR_2FA",
    "ACTIVE_USER_STATUS",
    "FIRST_SIGN_IN",
    "PAYLOAD_FIRST_NAME",
    "PAYLOAD_LAST_NAME",
    "PAYLOAD_USER_NAME",
    "ON_INVALID_USER",
    "MAX_SKIPPED_PERCENT",
    "LEAVERS",
    "MAX_LEAVERS_PERCENT",
    "ADOPT_EXISTING_USERS",
    "VERIFY",
];

/// Those that are set, with their values.
pub(super) fn from_shell() -> Vec<(String, String)> {
    of(shell_variable)
}

/// A variable of the person's shell; `None` if it is not set or not Unicode.
pub(super) fn shell_variable(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok()
}

fn of(value: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    // A blank variable counts as unset, and must not replace a value of the stack.
    let set = |name: &str| value(name).filter(|value| !value.trim().is_empty());
    PASSED_ON
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), set(name)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = include_str!("../../../../docs/SETTINGS.md");

    #[test]
    fn the_settings_of_what_is_created_are_passed_on() {
        let section = SETTINGS
            .split("\n## ")
            .find(|section| section.starts_with("What is created\n"));
        let rows = section.unwrap().lines().filter_map(|line| line.strip_prefix("| `"));
        let names: Vec<_> = rows
            .filter_map(|row| row.split_once('`').map(|(name, _)| name))
            .collect();
        let variables: Vec<_> = names.into_iter().filter(|name| name.to_uppercase() == *name).collect();
        assert_eq!(variables, PASSED_ON);
    }

    #[test]
    fn what_is_not_set_or_blank_stays_as_the_stack_has_it() {
        let shell = |name: &str| match name {
            "LEAVERS" => Some("keep".to_owned()),
            "SECOND_FACTOR_MECHANISMS" => Some(" ".to_owned()),
            _ => None,
        };
        assert_eq!(of(shell), [("LEAVERS".to_owned(), "keep".to_owned())]);
    }
}
