//! The status of a user.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use strum::{EnumString, IntoStaticStr, VariantNames};

/// Status of a user (IDS `User.status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
#[serde(try_from = "String", into = "&'static str")]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// May not sign in.
    Inactive,
    /// Marked as deleted; may not sign in.
    Deleted,
    /// May only run the activation flow.
    New,
}

impl TryFrom<String> for UserStatus {
    type Error = strum::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// `None` for a status this client does not know, so that a newer status does not make the whole list unreadable.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(value
        .as_ref()
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_name() {
        for name in UserStatus::VARIANTS {
            let status: UserStatus = name.parse().unwrap();
            let json = serde_json::to_value(status).unwrap();
            assert_eq!(json, *name);
            assert_eq!(serde_json::from_value::<UserStatus>(json).unwrap(), status);
        }
        assert!("locked".parse::<UserStatus>().is_err());
    }
}
