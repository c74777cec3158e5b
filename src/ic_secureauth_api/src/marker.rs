//! The marker: which run created a resource.

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const ONBOARDING_ID: &str = "ic_onboarding_id";
const OWNER_ID: &str = "ic_bid";
const CREATED_BY: &str = "ic_created_by";
const CREATED_AT: &str = "ic_created_at";

/// Part of the metadata of every organization (`metadata.payload`) and pool (`metadata`) that a run creates. It proves that the run may
/// delete the resource (docs/reference/secureauth-api.md#rules-marker).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// `ic_onboarding_id`: the run that created the resource.
    pub onboarding_id: String,
    /// `ic_bid`: the owner that it was created for.
    pub owner_id: String,
    /// `ic_created_by`: name of the program.
    pub created_by: String,
    /// `ic_created_at`: when the run decided to create it; `None` when the text there is not a time.
    pub created_at: Option<OffsetDateTime>,
}

impl Marker {
    /// The members of the metadata; all values are texts.
    pub fn to_metadata(&self) -> Map<String, Value> {
        let mut metadata = Map::new();
        metadata.insert(ONBOARDING_ID.into(), self.onboarding_id.clone().into());
        metadata.insert(OWNER_ID.into(), self.owner_id.clone().into());
        metadata.insert(CREATED_BY.into(), self.created_by.clone().into());
        if let Some(time) = self.created_at.and_then(|at| at.format(&Rfc3339).ok()) {
            metadata.insert(CREATED_AT.into(), time.into());
        }
        metadata
    }

    /// Whether another marker names the same run and owner.
    pub(super) fn is_of_same_run(&self, other: Option<&Self>) -> bool {
        other.is_some_and(|other| other.onboarding_id == self.onboarding_id && other.owner_id == self.owner_id)
    }

    /// The marker in the metadata of a resource. `None` unless it names both the run and the owner.
    pub fn from_metadata(metadata: &Map<String, Value>) -> Option<Self> {
        let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            onboarding_id: text(ONBOARDING_ID)?,
            owner_id: text(OWNER_ID)?,
            created_by: text(CREATED_BY).unwrap_or_default(),
            created_at: text(CREATED_AT).and_then(|time| OffsetDateTime::parse(&time, &Rfc3339).ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn marker() -> Marker {
        Marker {
            onboarding_id: "run-1".into(),
            owner_id: "1876".into(),
            created_by: "biller-onboarding".into(),
            created_at: Some(datetime!(2026-11-21 10:20:30 UTC)),
        }
    }

    #[test]
    fn a_marker_is_four_texts_and_comes_back_the_same() {
        let metadata = marker().to_metadata();
        let expected = json!({
            "ic_onboarding_id": "run-1", "ic_bid": "1876",
            "ic_created_by": "biller-onboarding", "ic_created_at": "2026-11-21T10:20:30Z",
        });
        assert_eq!(Value::Object(metadata.clone()), expected);
        assert_eq!(Marker::from_metadata(&metadata), Some(marker()));
    }

    #[test]
    fn half_a_marker_is_none() {
        for key in [ONBOARDING_ID, OWNER_ID] {
            let mut metadata = marker().to_metadata();
            metadata.insert(key.into(), json!(17));
            assert_eq!(Marker::from_metadata(&metadata), None);
            metadata.remove(key);
            assert_eq!(Marker::from_metadata(&metadata), None);
        }
    }
}
