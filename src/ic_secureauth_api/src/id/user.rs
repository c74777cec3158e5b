//! Ids of users. Ours are UUIDs; those of users that somebody else created may be any text.

use std::{cmp::Ordering, fmt, hash};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{InvalidId, check};

/// Id of a user (IDS `userID`).
///
/// Keeps the server's spelling, because the next page starts after exactly that text. Two spellings of one UUID (with and without
/// hyphens, upper and lower case) are equal.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId {
    text: String,
    uuid: Option<Uuid>,
}

impl UserId {
    /// Checks a text from outside: it has to be one segment of a path.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
        let text = text.into();
        check(&text)?;
        let uuid = Uuid::try_parse(&text).ok();
        Ok(Self { text, uuid })
    }

    /// The id in the server's spelling.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `None` for an id that is not a UUID. No derived id is.
    pub fn uuid(&self) -> Option<Uuid> {
        self.uuid
    }
}

impl From<Uuid> for UserId {
    fn from(uuid: Uuid) -> Self {
        Self {
            text: uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned(),
            uuid: Some(uuid),
        }
    }
}

impl TryFrom<String> for UserId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.text
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserId").field(&self.text).finish()
    }
}

impl PartialEq for UserId {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for UserId {}

impl PartialOrd for UserId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UserId {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.uuid, other.uuid) {
            (Some(ours), Some(theirs)) => ours.cmp(&theirs),
            (None, None) => self.text.cmp(&other.text),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
        }
    }
}

impl hash::Hash for UserId {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        match self.uuid {
            Some(uuid) => uuid.hash(state),
            None => self.text.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;

    #[test]
    fn two_spellings_of_a_uuid_are_one_user() {
        let spellings = [
            "7ef9451f-309a-4433-a2b9-3bb023051d96",
            "7EF9451F309A4433A2B93BB023051D96",
            "someone-else",
        ];
        let ids = || spellings.iter().map(|text| UserId::parse(*text).unwrap());
        assert_eq!(ids().collect::<HashSet<_>>().len(), 2);
        assert_eq!(ids().collect::<BTreeSet<_>>().len(), 2);
        assert_eq!(
            ids().nth(1).unwrap().as_str(),
            spellings[1],
            "the server's spelling is kept"
        );
        assert_eq!(ids().nth(2).unwrap().uuid(), None);
    }
}
