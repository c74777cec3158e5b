//! A JSON settings file read the way .NET configuration reads it: key names ignore case, values may be written as
//! strings, and environment variables overlay single keys.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::timespan::parse_timespan;
use super::{ConfigError, Environment};

#[derive(Debug)]
pub(crate) struct Document {
    file: PathBuf,
    root: Value,
}

impl Document {
    pub(crate) fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|error| ConfigError::new(file, error.to_string()))?;
        let root: Value =
            serde_json::from_str(&text).map_err(|error| ConfigError::new(file, format!("is not JSON: {error}")))?;
        if !root.is_object() {
            return Err(ConfigError::new(file, "must hold a JSON object".to_owned()));
        }
        Ok(Self {
            file: file.to_owned(),
            root,
        })
    }

    /// Applies every variable named `<prefix>__section__key` (S3).
    pub(crate) fn overlay(&mut self, prefix: &str, environment: &Environment) {
        for (name, value) in environment.iter() {
            let path: Vec<&str> = name.split("__").collect();
            if let [first, keys @ ..] = path.as_slice()
                && first.eq_ignore_ascii_case(prefix)
                && !keys.is_empty()
            {
                set(&mut self.root, keys, value);
            }
        }
    }

    /// The value at a dotted path, `None` when it is absent or null.
    pub(crate) fn find(&self, path: &str) -> Option<&Value> {
        path.split('.')
            .try_fold(&self.root, |value, key| member(value.as_object()?, key))
            .filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, path: &str) -> Result<Option<&str>, ConfigError> {
        self.find(path)
            .map(|value| value.as_str().ok_or_else(|| self.invalid(path, "a string")))
            .transpose()
    }

    pub(crate) fn integer(&self, path: &str, range: std::ops::RangeInclusive<u32>) -> Result<Option<u32>, ConfigError> {
        self.find(path)
            .map(|value| {
                let number = match value {
                    Value::String(text) => text.trim().parse().ok(),
                    other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
                };
                number.filter(|number| range.contains(number)).ok_or_else(|| {
                    self.invalid(
                        path,
                        &format!("a whole number from {} to {}", range.start(), range.end()),
                    )
                })
            })
            .transpose()
    }

    pub(crate) fn boolean(&self, path: &str) -> Result<Option<bool>, ConfigError> {
        self.find(path)
            .map(|value| match value {
                Value::Bool(flag) => Ok(*flag),
                Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
                Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
                _ => Err(self.invalid(path, "true or false")),
            })
            .transpose()
    }

    pub(crate) fn duration(&self, path: &str) -> Result<Option<Duration>, ConfigError> {
        self.text(path)?
            .map(|text| parse_timespan(text).ok_or_else(|| self.invalid(path, "a time span like 00:10:00")))
            .transpose()
    }

    /// A list of strings. A variable may hold it as the text of a JSON array
    /// (docs/reference/functions-host.md#host-settings).
    pub(crate) fn texts(&self, path: &str) -> Result<Vec<String>, ConfigError> {
        let expected = || self.invalid(path, "a list of strings");
        match self.find(path) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| expected()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(expected))
                .collect(),
            Some(_) => Err(expected()),
        }
    }

    pub(crate) fn invalid(&self, path: &str, expected: &str) -> ConfigError {
        ConfigError::new(&self.file, format!("{path} must be {expected}"))
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}

fn member<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, value)| value)
}

fn set(target: &mut Value, path: &[&str], value: &str) {
    let Some((key, rest)) = path.split_first() else {
        *target = Value::String(value.to_owned());
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(object) = target {
        let known = object.keys().find(|name| name.eq_ignore_ascii_case(key)).cloned();
        let entry = object.entry(known.unwrap_or_else(|| (*key).to_owned()));
        set(entry.or_insert(Value::Null), rest, value);
    }
}
