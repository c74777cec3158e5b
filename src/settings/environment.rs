//! The process environment, captured once.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// The folder with `host.json`.
pub(super) const APP_ROOT: &str = "FUNCTIONS_APP_ROOT_PATH";
/// The variable that is `Development` on a developer's machine.
pub(super) const ENVIRONMENT_NAME: &str = "AZURE_FUNCTIONS_ENVIRONMENT";

/// What the process was started with: its environment variables and the text of the app's `host.json`.
///
/// Values may be secrets: `Debug` shows names only.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    host_json: Option<String>,
}

impl Environment {
    /// The process environment and `host.json` from `FUNCTIONS_APP_ROOT_PATH` or, without that, the working directory.
    /// Variables that are not Unicode are left out; a `host.json` that cannot be read counts as absent.
    pub fn from_process() -> Self {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let app_root = variables.get(APP_ROOT).map_or_else(PathBuf::new, PathBuf::from);
        let host_json = std::fs::read_to_string(app_root.join("host.json")).ok();
        Self { variables, host_json }
    }

    /// An environment with these variables only, and no `host.json`.
    pub fn of<N: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            host_json: None,
        }
    }

    /// Replaces the text of `host.json`.
    #[must_use]
    pub fn with_host_json(mut self, text: impl Into<String>) -> Self {
        self.host_json = Some(text.into());
        self
    }

    /// A variable's value without surrounding blanks; a blank one counts as unset, because app settings are often kept as
    /// empty placeholders.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Names of all variables, blank ones included.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// The text of `host.json`; `None` if it could not be read.
    pub(super) fn host_json(&self) -> Option<&str> {
        self.host_json.as_deref()
    }

    /// Whether this is a developer's machine: Core Tools and the stand-in host set
    /// `AZURE_FUNCTIONS_ENVIRONMENT=Development`, the cloud never does.
    pub fn is_development(&self) -> bool {
        self.get(ENVIRONMENT_NAME)
            .is_some_and(|name| name.eq_ignore_ascii_case("development"))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_variable_counts_as_unset() {
        let environment = Environment::of([("A", "  "), ("B", " b ")]);
        assert_eq!(environment.get("A"), None);
        assert_eq!(environment.get("B"), Some("b"));
        assert_eq!(environment.get("C"), None);
    }

    #[test]
    fn debug_output_has_names_and_no_values() {
        let shown = format!("{:?}", Environment::of([("A_SECRET", "hunter2")]));
        assert_eq!(shown, r#"{"A_SECRET"}"#);
    }

    #[test]
    fn the_process_environment_is_captured() {
        let environment = Environment::from_process();
        assert!(environment.get("PATH").is_some());
        assert!(!environment.is_development() || environment.get("AZURE_FUNCTIONS_ENVIRONMENT").is_some());
    }
}
