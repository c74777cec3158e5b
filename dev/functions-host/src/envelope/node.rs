//! JSON objects that keep the order in which their members were added, as the host writes them.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

#[derive(Debug, Clone)]
pub(crate) enum Node {
    Json(Value),
    Object(Members),
    List(Vec<Node>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Members(Vec<(String, Node)>);

impl Members {
    pub(crate) fn push(&mut self, name: impl Into<String>, node: impl Into<Node>) {
        self.0.push((name.into(), node.into()));
    }

    /// Adds a member or replaces the one of the same name in any case, whose spelling stays (reference 2.4).
    pub(crate) fn set_ignoring_case(&mut self, name: &str, node: impl Into<Node>) {
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, value)) => *value = node.into(),
            None => self.push(name, node),
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }
}

impl<N: Into<String>, V: Into<Node>> FromIterator<(N, V)> for Members {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(members: I) -> Self {
        Self(
            members
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

impl From<Members> for Node {
    fn from(members: Members) -> Self {
        Self::Object(members)
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Json(text.into())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Json(text.into())
    }
}

impl From<bool> for Node {
    fn from(flag: bool) -> Self {
        Self::Json(flag.into())
    }
}

impl<T: Into<Node>> From<Vec<T>> for Node {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Node>> From<Option<T>> for Node {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Json(Value::Null), Into::into)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(value) => value.serialize(serializer),
            Self::Object(members) => members.serialize(serializer),
            Self::List(items) => serializer.collect_seq(items),
        }
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, node) in &self.0 {
            map.serialize_entry(name, node)?;
        }
        map.end()
    }
}
