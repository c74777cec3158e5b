//! How far the users of a pool that the run did not create are recorded. The list is read in several ranges of user ids side by
//! side; the positions are one column of the run, overwritten.

use serde::{Deserialize, Serialize};

/// The ranges, in the order of user ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Listing(pub Vec<ListedRange>);

/// One range of user ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedRange {
    /// The last id that is recorded, or where the range begins, exclusive; `None`: at the first user.
    pub after: Option<String>,
    /// Where the range ends, inclusive; `None`: with the last user.
    pub until: Option<String>,
    /// Users recorded so far.
    pub count: u64,
    /// All of the range is recorded.
    pub finished: bool,
}

impl Listing {
    /// Users recorded so far.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|range| range.count).sum()
    }

    /// Every range is recorded.
    pub fn is_finished(&self) -> bool {
        self.0.iter().all(|range| range.finished)
    }
}
