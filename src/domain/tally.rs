//! What a run did with users beyond the counts of its progress: who came first, and what the guard of leavers counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use uuid::Uuid;

/// What a run does with one user.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    EnumString,
    IntoStaticStr,
    VariantNames,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Effect {
    /// Imported into the pool.
    Imported,
    /// Changed: user name, e-mail address, profile, or a status other than the next two.
    Changed,
    /// Set inactive.
    Deactivated,
    /// Given access back after it was inactive.
    Reactivated,
    /// Was in a found pool before: left alone.
    Linked,
}

/// Written in the transaction that records what it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// The first GUIDs of each kind, at most [`Tally::NAMED`].
    pub first: BTreeMap<Effect, Vec<Uuid>>,
    /// Users deactivated because their row is gone or `deleted`.
    pub leavers: u64,
    /// User names that passed from one person to another.
    pub passed_on: u64,
    /// Users deactivated although their row has a data error, because it says that they have no access.
    pub barred: u64,
    /// Users of a pool that the run did not create whom no CRM row and no account stands for.
    #[serde(default)]
    pub without_row: u64,
}

impl Tally {
    /// Most GUIDs of each kind.
    pub const NAMED: usize = 20;

    /// Keeps the GUID if it is one of the first of its kind.
    pub fn name(&mut self, effect: Effect, user_guid: Uuid) {
        let named = self.first.entry(effect).or_default();
        if named.len() < Self::NAMED && !named.contains(&user_guid) {
            named.push(user_guid);
        }
    }

    /// The GUID does not belong to this kind after all.
    pub fn forget(&mut self, effect: Effect, user_guid: Uuid) {
        if let Some(named) = self.first.get_mut(&effect) {
            named.retain(|named| *named != user_guid);
        }
    }

    /// What the guard compares with its limit.
    pub fn guarded(&self) -> u64 {
        self.leavers + self.passed_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twenty_of_each_kind_are_named_once() {
        let mut tally = Tally::default();
        for user in (0..30).chain(0..30) {
            tally.name(Effect::Changed, Uuid::from_u128(user));
        }
        tally.name(Effect::Linked, Uuid::nil());
        let counts: Vec<usize> = tally.first.values().map(Vec::len).collect();
        assert_eq!(counts, [20, 1]);
    }

    #[test]
    fn it_is_stored_with_the_names_of_its_kinds() {
        let mut tally = Tally::default();
        tally.name(Effect::Deactivated, Uuid::nil());
        let text = serde_json::to_string(&tally).unwrap();
        assert!(text.starts_with(r#"{"first":{"deactivated":["#), "{text}");
        assert_eq!(serde_json::from_str::<Tally>(&text).unwrap(), tally);
    }
}
