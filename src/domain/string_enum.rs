//! String enums in JSON: a value is the text that strum gives it, as in the database and in the log. For
//! `#[serde(with = "string_enum")]`, so that serde needs no names of its own.

use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes the value's text.
///
/// # Errors
/// The serializer's.
pub fn serialize<E, S>(value: &E, serializer: S) -> Result<S::Ok, S::Error>
where
    E: Copy + Into<&'static str>,
    S: Serializer,
{
    serializer.serialize_str((*value).into())
}

/// Reads a text. Any other form is refused; serde's derived code would also accept `{"active": null}`.
///
/// # Errors
/// The text belongs to no value. The error does not repeat it, because it may come from outside.
pub fn deserialize<'de, E, D>(deserializer: D) -> Result<E, D::Error>
where
    E: FromStr,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom("not a known value"))
}
