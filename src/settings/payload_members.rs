//! `PAYLOAD_FIRST_NAME`, `PAYLOAD_LAST_NAME`, `PAYLOAD_USER_NAME`.

use super::onboarding::is_id;
use super::reader::Reader;

/// The payload schema's member names for a user's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadMembers {
    /// Member for the given name.
    pub first_name: String,
    /// Member for the family name.
    pub last_name: String,
    /// Member for the sign-in name.
    pub user_name: String,
}

impl PayloadMembers {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut member = |name, default| {
            reader.text(
                name,
                "a member name of the payload schema: letters, digits, `_`, `-`",
                default,
                |text| is_id(text, 64) && !text.contains('.'),
            )
        };
        let members = Self {
            first_name: member("PAYLOAD_FIRST_NAME", "first_name"),
            last_name: member("PAYLOAD_LAST_NAME", "last_name"),
            user_name: member("PAYLOAD_USER_NAME", "user_name"),
        };
        let Self {
            first_name,
            last_name,
            user_name,
        } = &members;
        let differ = first_name != last_name && last_name != user_name && user_name != first_name;
        reader.require(
            differ,
            "PAYLOAD_FIRST_NAME",
            &["PAYLOAD_LAST_NAME", "PAYLOAD_USER_NAME"],
            || {
                "a name that differs from PAYLOAD_LAST_NAME and PAYLOAD_USER_NAME; these two must differ as well"
                    .to_owned()
            },
        );
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::environment::Environment;

    #[test]
    fn payload_members_must_differ() {
        let environment = Environment::of([("PAYLOAD_LAST_NAME", "user_name")]);
        let mut reader = Reader::new(&environment);
        let _ = PayloadMembers::read(&mut reader);
        let refused = reader.finish().0.to_string();
        assert!(
            refused.starts_with("PAYLOAD_FIRST_NAME: expected a name that differs"),
            "{refused}"
        );
    }
}
