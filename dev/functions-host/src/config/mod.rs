//! The configuration of the app: `host.json`, every `*/function.json`, and the environment, which replaces single keys.

mod document;
mod environment;
mod function_json;
mod host_json;
mod names;
mod timespan;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use environment::Environment;
pub use environment::machine_variables;
pub(crate) use function_json::{AuthLevel, Function, HttpTrigger, Output, QueueTrigger, TimerTrigger, Trigger};
pub(crate) use host_json::{HandlerSettings, HostJson, QueueSettings};
pub(crate) use names::is_queue_name;

use crate::options::Inherited;

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct ConfigError {
    file: PathBuf,
    reason: String,
}

impl ConfigError {
    pub(crate) fn new(file: &Path, reason: String) -> Self {
        Self {
            file: file.to_owned(),
            reason,
        }
    }
}

/// Everything that the host reads once, at its start.
#[derive(Debug)]
pub(crate) struct AppConfig {
    pub(crate) root: PathBuf,
    pub(crate) environment: Environment,
    pub(crate) host: HostJson,
    pub(crate) functions: Vec<Arc<Function>>,
}

impl AppConfig {
    pub(crate) fn load(
        root: &Path,
        inherited: Inherited,
        extra: &BTreeMap<String, String>,
    ) -> Result<Self, ConfigError> {
        let root = root
            .canonicalize()
            .map_err(|error| ConfigError::new(root, error.to_string()))?;
        let environment = Environment::load(&root, inherited, extra)?;
        let host = HostJson::load(&root, &environment)?;
        let functions = load_functions(&root, &environment)?;
        if let Some(reason) = functions.iter().find_map(|function| refusal(function, &host)) {
            return Err(ConfigError::new(&root.join("host.json"), reason));
        }
        Ok(Self {
            root,
            environment,
            host,
            functions,
        })
    }
}

/// Why a function cannot run with these host settings; `None` if it can.
fn refusal(function: &Function, host: &HostJson) -> Option<String> {
    let name = &function.name;
    if host.forwards_requests && function.is_http_in_and_out() {
        return Some(format!(
            "{name} would be forwarded or proxied, which this stand-in does not do"
        ));
    }
    match &function.trigger {
        Trigger::Http(http) if host.route_prefix.is_empty() && http.route.is_reserved() => {
            Some(format!("the route {:?} of {name} is reserved", http.route.as_str()))
        }
        _ => None,
    }
}

/// Loads the functions: every folder directly below the root with a `function.json` is a function of the folder's name.
fn load_functions(root: &Path, environment: &Environment) -> Result<Vec<Arc<Function>>, ConfigError> {
    let unreadable = |error: std::io::Error| ConfigError::new(root, error.to_string());
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(unreadable)?;
    folders.sort();
    let mut functions = Vec::new();
    for folder in folders {
        let file = folder.join("function.json");
        if !file.is_file() {
            continue;
        }
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if !names::is_function_name(&name) {
            return Err(ConfigError::new(&file, format!("{name:?} is not a function name")));
        }
        functions.extend(Function::load(&file, &name, environment)?.map(Arc::new));
    }
    Ok(functions)
}
