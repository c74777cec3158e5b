//! Patches of JSON: merge patch (RFC 7396) and JSON patch (RFC 6902).

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::errors::ApiError;

/// One operation of a JSON patch; paths are JSON pointers.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(super) enum Operation {
    Add { path: String, value: Value },
    Remove { path: String },
    Replace { path: String, value: Value },
    Move { from: String, path: String },
    Copy { from: String, path: String },
    Test { path: String, value: Value },
}

impl Operation {
    /// The top-level members that it names.
    pub(super) fn members(&self) -> impl Iterator<Item = &str> {
        let (path, from) = match self {
            Self::Add { path, .. } | Self::Remove { path } | Self::Replace { path, .. } | Self::Test { path, .. } => {
                (path, None)
            }
            Self::Move { from, path } | Self::Copy { from, path } => (path, Some(from)),
        };
        let paths = [Some(path), from].into_iter().flatten();
        paths.map(|pointer| pointer.split('/').nth(1).unwrap_or_default())
    }
}

/// Sets the members of a merge patch; null removes.
pub(super) fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (member, value) in patch {
        match value {
            Value::Null => {
                target.remove(&member);
            }
            Value::Object(inner) => {
                let into = target.entry(member).or_insert_with(|| Value::Object(Map::new()));
                if !into.is_object() {
                    *into = Value::Object(Map::new());
                }
                if let Value::Object(into) = into {
                    merge(into, inner);
                }
            }
            other => {
                target.insert(member, other);
            }
        }
    }
}

/// Applies all operations; fails at the first that cannot be applied.
pub(super) fn apply(target: &mut Map<String, Value>, patch: Vec<Operation>) -> Result<(), ApiError> {
    let mut document = Value::Object(std::mem::take(target));
    for operation in patch {
        one(&mut document, operation).ok_or_else(|| ApiError::unprocessable("The patch cannot be applied"))?;
    }
    if let Value::Object(members) = document {
        *target = members;
    }
    Ok(())
}

fn one(document: &mut Value, operation: Operation) -> Option<()> {
    match operation {
        Operation::Add { path, value } => add(document, &path, value),
        Operation::Remove { path } => remove(document, &path).map(|_| ()),
        Operation::Replace { path, value } => {
            *document.pointer_mut(below_root(&path)?)? = value;
            Some(())
        }
        Operation::Move { from, path } => {
            let value = remove(document, &from)?;
            add(document, &path, value)
        }
        Operation::Copy { from, path } => {
            let value = document.pointer(&from)?.clone();
            add(document, &path, value)
        }
        Operation::Test { path, value } => (document.pointer(&path)? == &value).then_some(()),
    }
}

/// The user itself is neither replaced nor removed.
fn below_root(path: &str) -> Option<&str> {
    path.starts_with('/').then_some(path)
}

/// The value that holds the last part of a path, and that part.
fn parent<'d>(document: &'d mut Value, path: &str) -> Option<(&'d mut Value, String)> {
    let (parent, last) = below_root(path)?.rsplit_once('/')?;
    let last = last.replace("~1", "/").replace("~0", "~");
    Some((document.pointer_mut(parent)?, last))
}

fn add(document: &mut Value, path: &str, value: Value) -> Option<()> {
    let (parent, last) = parent(document, path)?;
    match parent {
        Value::Object(members) => {
            members.insert(last, value);
        }
        Value::Array(items) if last == "-" => items.push(value),
        Value::Array(items) => {
            let index = last.parse().ok().filter(|index| *index <= items.len())?;
            items.insert(index, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(document: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = parent(document, path)?;
    match parent {
        Value::Object(members) => members.remove(&last),
        Value::Array(items) => {
            let index = last.parse().ok().filter(|index| *index < items.len())?;
            Some(items.remove(index))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(members) = value else {
            panic!("an object");
        };
        members
    }

    #[test]
    fn a_merge_patch_replaces_adds_and_removes_single_members() {
        let mut target = object(json!({ "a": { "b": 1, "c": 2 }, "d": "x" }));
        merge(
            &mut target,
            object(json!({ "a": { "b": null, "e": 3 }, "d": { "f": 4 }, "g": { "h": null } })),
        );
        assert_eq!(
            Value::Object(target),
            json!({ "a": { "c": 2, "e": 3 }, "d": { "f": 4 }, "g": {} })
        );
    }

    #[test]
    fn a_json_patch_applies_its_operations_in_order_or_none() {
        let patch = |operations: Value| {
            let mut target = object(json!({ "a": { "b": [1, 2], "x/y": 3 }, "d": 5 }));
            let applied = apply(&mut target, serde_json::from_value(operations).unwrap());
            applied.map(|()| Value::Object(target)).map_err(|error| error.status)
        };
        let operations = json!([
            { "op": "test", "path": "/a/x~1y", "value": 3 },
            { "op": "remove", "path": "/a/x~1y" },
            { "op": "add", "path": "/a/b/1", "value": 9 },
            { "op": "add", "path": "/a/b/-", "value": 8 },
            { "op": "replace", "path": "/d", "value": 6 },
            { "op": "copy", "from": "/a/b/0", "path": "/first" },
            { "op": "move", "from": "/d", "path": "/a/d" },
        ]);
        assert_eq!(
            patch(operations),
            Ok(json!({ "a": { "b": [1, 9, 2, 8], "d": 6 }, "first": 1 }))
        );
        for refused in [
            json!([{ "op": "test", "path": "/d", "value": 6 }]),
            json!([{ "op": "remove", "path": "/nothing" }]),
            json!([{ "op": "replace", "path": "", "value": 1 }]),
            json!([{ "op": "add", "path": "/a/b/7", "value": 1 }]),
            json!([{ "op": "add", "path": "/d/e", "value": 1 }]),
        ] {
            assert_eq!(patch(refused.clone()), Err(422), "{refused}");
        }
    }

    #[test]
    fn an_operation_names_the_members_it_is_about() {
        let operation: Operation =
            serde_json::from_value(json!({ "op": "move", "from": "/payload/a", "path": "/metadata" })).unwrap();
        assert_eq!(operation.members().collect::<Vec<_>>(), ["metadata", "payload"]);
    }
}
