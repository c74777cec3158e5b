//! Ids of users and their sub-records. A UUID takes 17 bytes and no heap allocation.

use std::cmp::Ordering;
use std::fmt;

use uuid::Uuid;

/// An id in the client's spelling. Sorts as its text does.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum RecordId {
    /// A UUID in lower case with dashes: its bytes give the same text.
    Uuid(Uuid),
    /// Anything else.
    Text(Box<str>),
}

impl From<&str> for RecordId {
    fn from(text: &str) -> Self {
        let mut buffer = Uuid::encode_buffer();
        match Uuid::try_parse(text) {
            Ok(uuid) if uuid.hyphenated().encode_lower(&mut buffer) == text => Self::Uuid(uuid),
            _ => Self::Text(text.into()),
        }
    }
}

impl From<Uuid> for RecordId {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(uuid) => uuid.hyphenated().fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for RecordId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Ord for RecordId {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            // All dashes have the same places and hex digits sort as their values, so byte order is text order.
            (Self::Uuid(left), Self::Uuid(right)) => left.cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Uuid(uuid), Self::Text(text)) => encode(uuid).as_str().cmp(text),
            (Self::Text(text), Self::Uuid(uuid)) => (**text).cmp(encode(uuid).as_str()),
        }
    }
}

impl PartialOrd for RecordId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn encode(uuid: &Uuid) -> String {
    uuid.hyphenated().to_string()
}

#[cfg(test)]
mod tests {
    use super::RecordId;

    #[test]
    fn ids_come_back_as_they_were_written() {
        for text in [
            "7ef9451f-309a-4433-a2b9-3bb023051d96",
            "7EF9451F-309A-4433-A2B9-3BB023051D96",
            "7ef9451f309a4433a2b93bb023051d96",
            "user 1",
            "",
        ] {
            assert_eq!(RecordId::from(text).to_string(), text);
        }
    }

    #[test]
    fn ids_sort_as_their_text() {
        let mut texts = vec![
            "z",
            "",
            "7ef9451f-309a-4433-a2b9-3bb023051d96",
            "7ef9451f309a4433a2b93bb023051d96",
            "0",
            "7ef9451f-309a-4433-a2b9-3bb023051d95",
            "A",
            "f",
        ];
        let mut ids: Vec<RecordId> = texts.iter().map(|text| RecordId::from(*text)).collect();
        texts.sort_unstable();
        ids.sort_unstable();
        assert_eq!(ids.iter().map(ToString::to_string).collect::<Vec<_>>(), texts);
    }
}
