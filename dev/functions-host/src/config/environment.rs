//! The settings the host and the handler see as environment variables (S4).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::ConfigError;

/// Name of the variable that tells the environment; Core Tools set it to `Development`.
const ENVIRONMENT_NAME: &str = "AZURE_FUNCTIONS_ENVIRONMENT";

/// All variables the handler is started with, apart from the five the host adds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Later sources win: `local.settings.json` (if there is one), the host's own environment, `extra`.
    pub(crate) fn load(app_root: &Path, extra: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let mut variables = local_settings(&app_root.join("local.settings.json"))?;
        variables.extend(own_environment());
        variables
            .entry(ENVIRONMENT_NAME.to_owned())
            .or_insert_with(|| "Development".to_owned());
        variables.extend(extra.clone());
        Ok(Self { variables })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn is_development(&self) -> bool {
        self.get(ENVIRONMENT_NAME)
            .is_some_and(|name| name.eq_ignore_ascii_case("Development"))
    }

    /// Replaces every `%NAME%` by its variable, an unknown one by nothing (reference 1.1).
    pub(crate) fn expand(&self, text: &str) -> String {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            expanded.push_str(before);
            let Some((name, tail)) = after.split_once('%') else {
                expanded.push('%');
                rest = after;
                continue;
            };
            expanded.push_str(self.get(name).unwrap_or_default());
            rest = tail;
        }
        expanded.push_str(rest);
        expanded
    }

    /// The same variables and some more, which win.
    pub(crate) fn with(&self, more: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut variables = self.variables.clone();
        variables.extend(more);
        Self { variables }
    }
}

fn own_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn local_settings(file: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(ConfigError::new(file, error.to_string())),
    };
    let settings: Value =
        serde_json::from_str(&text).map_err(|error| ConfigError::new(file, format!("is not JSON: {error}")))?;
    let Some(values) = settings.get("Values").and_then(Value::as_object) else {
        return Ok(BTreeMap::new());
    };
    values
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name.clone(), text.clone())),
            Value::Number(_) | Value::Bool(_) => Ok((name.clone(), value.to_string())),
            _ => Err(ConfigError::new(file, format!("Values.{name} must be a string"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::default().with(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn a_percent_name_is_replaced_and_an_unknown_one_removed() {
        let environment = environment(&[("PORT", "8080")]);
        assert_eq!(environment.expand("--port %PORT% %NOPE%x 100%"), "--port 8080 x 100%");
    }

    #[test]
    fn values_of_local_settings_are_read_and_extra_variables_win() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(
            root.path().join("local.settings.json"),
            r#"{"IsEncrypted":false,"Values":{"HOST_TEST_A":"file","HOST_TEST_B":"file","HOST_TEST_N":3}}"#,
        )
        .unwrap();
        let extra = BTreeMap::from([("HOST_TEST_B".to_owned(), "extra".to_owned())]);
        let environment = Environment::load(root.path(), &extra).unwrap();
        assert_eq!(environment.get("HOST_TEST_A"), Some("file"));
        assert_eq!(environment.get("HOST_TEST_B"), Some("extra"));
        assert_eq!(environment.get("HOST_TEST_N"), Some("3"));
        assert!(environment.is_development());
    }
}
