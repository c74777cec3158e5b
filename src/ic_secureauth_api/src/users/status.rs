//! The status of a user.

use serde::{Deserialize, Deserializer, Serialize};

/// Status of a user (IDS `User.status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl UserStatus {
    /// The text in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Deleted => "deleted",
            Self::New => "new",
        }
    }

    /// Reads the text back; `None` when it is not one of the four.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Inactive, Self::Deleted, Self::New]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// `None` for a status this client does not know, so that a newer status does not make the whole list unreadable.
pub(super) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UserStatus>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.as_deref().and_then(UserStatus::parse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_name() {
        for status in [
            UserStatus::Active,
            UserStatus::Inactive,
            UserStatus::Deleted,
            UserStatus::New,
        ] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
            assert_eq!(UserStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(UserStatus::parse("locked"), None);
    }
}
