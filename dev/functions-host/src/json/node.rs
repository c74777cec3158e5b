//! JSON values whose objects keep the order in which their members were added or read.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Number;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Object(Members),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Members(Vec<(String, Node)>);

impl Members {
    pub(crate) fn push(&mut self, name: impl Into<String>, node: impl Into<Node>) {
        self.0.push((name.into(), node.into()));
    }

    /// Adds a member, or replaces the value of the one with the same name in any case, which keeps its place and spelling
    /// (S18).
    pub(crate) fn set_ignoring_case(&mut self, name: &str, node: impl Into<Node>) {
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, value)) => *value = node.into(),
            None => self.push(name, node),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.iter().find(|(known, _)| *known == name).map(|(_, node)| node)
    }

    pub(crate) fn get_ignoring_case(&self, name: &str) -> Option<&Node> {
        let member = self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        member.map(|(_, node)| node)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(name, node)| (name.as_str(), node))
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }
}

impl IntoIterator for Members {
    type Item = (String, Node);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<V: Into<Node>> FromIterator<(String, V)> for Members {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(members: I) -> Self {
        Self(members.into_iter().map(|(name, value)| (name, value.into())).collect())
    }
}

/// One line for each type that a value is made of.
macro_rules! from {
    ($($value:ident: $type:ty => $node:expr;)*) => {
        $(impl From<$type> for Node {
            fn from($value: $type) -> Self {
                $node
            }
        })*
    };
}

from! {
    members: Members => Self::Object(members);
    text: &str => Self::Text(text.to_owned());
    text: String => Self::Text(text);
    flag: bool => Self::Bool(flag);
    nodes: Vec<Node> => Self::List(nodes);
    texts: Vec<String> => Self::List(texts.into_iter().map(Self::Text).collect());
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyMembers)
    }
}

struct AnyMembers;

impl<'de> Visitor<'de> for AnyMembers {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    /// If a name occurs more than once, the last value counts, in the place of the first.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        let mut places = HashMap::new();
        while let Some((name, node)) = map.next_entry::<String, Node>()? {
            let place = *places.entry(name.clone()).or_insert(members.0.len());
            match members.0.get_mut(place) {
                Some((_, value)) => *value = node,
                None => members.push(name, node),
            }
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_in_the_same_order_and_of_one_name_the_last_value() {
        let text = r#"{"z":1,"a":[true,null,"x",-2,1.5],"m":{"y":{},"b":18446744073709551615}}"#;
        let twice = text.replacen("{\"z\"", "{\"z\":0,\"z\"", 1);
        let node: Node = serde_json::from_str(&twice).unwrap();
        assert_eq!(serde_json::to_string(&node).unwrap(), text);
    }
}
