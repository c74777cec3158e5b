//! The settings that host and handler get as environment variables (S4).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use super::ConfigError;
use crate::options::Inherited;

/// Name of the variable that names the environment; Core Tools set it to `Development`.
const ENVIRONMENT_NAME: &str = "AZURE_FUNCTIONS_ENVIRONMENT";

/// Variables that programs need in order to run. None of them is a setting of an app.
const MACHINE: [&str; 12] = [
    "HOME",
    "LANG",
    "LD_LIBRARY_PATH",
    "LLVM_PROFILE_FILE",
    "LOGNAME",
    "PATH",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "SHELL",
    "TMPDIR",
    "TZ",
    "USER",
];

/// The variables of this process that a program needs in order to run: search path, home and temporary folder, time
/// zone, and those that Rust's own tools read. Settings are not among them.
pub fn machine_variables() -> Vec<(OsString, OsString)> {
    MACHINE
        .into_iter()
        .filter_map(|name| Some((name.into(), std::env::var_os(name)?)))
        .collect()
}

/// All variables that the handler is started with, except the five that the host adds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    inherited: Inherited,
}

impl Environment {
    /// Reads `local.settings.json` (if there is one), then the inherited part of the host's own environment, then
    /// `extra`. Later sources win.
    pub(crate) fn load(
        app_root: &Path,
        inherited: Inherited,
        extra: &BTreeMap<String, String>,
    ) -> Result<Self, ConfigError> {
        let (mut variables, own) = match inherited {
            Inherited::Everything => {
                let file = local_settings(&app_root.join("local.settings.json"))?;
                (file, std::env::vars_os().collect())
            }
            Inherited::Machine => (BTreeMap::new(), machine_variables()),
        };
        variables.extend(own.into_iter().filter_map(as_text));
        variables
            .entry(ENVIRONMENT_NAME.to_owned())
            .or_insert_with(|| "Development".to_owned());
        variables.extend(extra.clone());
        Ok(Self { variables, inherited })
    }

    /// Gives a command these variables, and the inherited ones of the host's own.
    pub(crate) fn apply(&self, command: &mut Command) {
        if self.inherited == Inherited::Machine {
            command.env_clear().envs(machine_variables());
        }
        command.envs(&self.variables);
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

    /// Replaces every `%NAME%` by its variable, an unknown one by nothing
    /// (docs/reference/functions-host.md#host-settings).
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
        Self {
            variables,
            inherited: self.inherited,
        }
    }
}

/// `None` if name or value is not Unicode. Such a variable is passed on to the handler, but is no setting.
fn as_text((name, value): (OsString, OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
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
        let environment = Environment::load(root.path(), Inherited::Everything, &extra).unwrap();
        assert_eq!(environment.get("HOST_TEST_A"), Some("file"));
        assert_eq!(environment.get("HOST_TEST_B"), Some("extra"));
        assert_eq!(environment.get("HOST_TEST_N"), Some("3"));
        assert!(environment.is_development());
    }

    #[test]
    fn where_only_the_machine_counts_neither_the_own_environment_nor_local_settings_are_settings() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(
            root.path().join("local.settings.json"),
            r#"{"Values":{"HOST_TEST_A":"file"}}"#,
        )
        .unwrap();
        let load = |inherited| Environment::load(root.path(), inherited, &BTreeMap::new()).unwrap();
        let (machine, everything) = (load(Inherited::Machine), load(Inherited::Everything));
        assert_eq!(machine.get("PATH"), everything.get("PATH"));
        assert_eq!(everything.get("HOST_TEST_A"), Some("file"));
        let others: Vec<_> = machine
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !MACHINE.contains(name))
            .collect();
        assert_eq!(others, [ENVIRONMENT_NAME]);
        assert!(machine.is_development(), "whatever this process runs with");
    }
}
