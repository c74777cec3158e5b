//! JSON members of a resource that is read, changed in one member and written back.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

/// The members of a JSON object, each as the text that was read. Numbers keep their digits and objects their order, also in members that
/// this client does not know.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Members(BTreeMap<String, Box<RawValue>>);

/// A member has another type than the specification says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the member {0} has another type than the spec gives it")]
pub(super) struct UnexpectedMember(pub(super) &'static str);

impl Members {
    /// One member; `None` when it is absent or null.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, UnexpectedMember> {
        self.0.get(name).map_or(Ok(None), |raw| {
            serde_json::from_str(raw.get()).map_err(|_| UnexpectedMember(name))
        })
    }

    /// Replaces one member.
    pub(super) fn set<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        #[expect(clippy::expect_used, reason = "called with booleans and texts only")]
        let text = to_raw_value(value).expect("writable as JSON");
        self.0.insert(name.to_owned(), text);
    }

    /// All members except these, which the server sends but does not accept.
    pub(super) fn without(&self, response_only: &[&str]) -> BTreeMap<&str, &RawValue> {
        self.0
            .iter()
            .filter(|(name, _)| !response_only.contains(&name.as_str()))
            .map(|(name, raw)| (name.as_str(), raw.as_ref()))
            .collect()
    }

    /// Leaves one member out.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        let texts = |members: &Self| {
            members
                .0
                .iter()
                .map(|(name, raw)| (name.clone(), raw.get().to_owned()))
                .collect::<Vec<_>>()
        };
        texts(self) == texts(other)
    }
}

/// Names only: values may be secrets (`subject_identifier_algorithm_salt`).
impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
