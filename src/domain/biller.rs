//! The biller's CIAM state. It is never mixed with the state of a run on it (design.md §3).

use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use time::OffsetDateTime;

use super::ids::BillerId;

/// Whether a biller signs in through SecureAuth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CiamState {
    /// Never switched on.
    NotEnabled,
    /// Switched on (D1): status Active, toggle on, activation date set.
    Active,
    /// Switched off again.
    Inactive,
}

/// What is recorded about one biller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillerCiam {
    /// The biller.
    pub biller_id: BillerId,
    /// Its CIAM state.
    pub state: CiamState,
    /// When it last went from not-active to active; kept when it becomes inactive.
    pub activation_date: Option<OffsetDateTime>,
    /// Its organization in SecureAuth, once a run succeeded.
    pub organization_id: Option<String>,
    /// Its identity pool in SecureAuth, once a run succeeded (P1).
    pub identity_pool_id: Option<String>,
    /// Part of every derived id; grows when a pool's id can no longer be used (design.md §3 "Ids").
    pub generation: u32,
}

impl BillerCiam {
    /// A biller nothing was ever done for.
    pub fn untouched(biller_id: BillerId) -> Self {
        Self {
            biller_id,
            state: CiamState::NotEnabled,
            activation_date: None,
            organization_id: None,
            identity_pool_id: None,
            generation: 0,
        }
    }
}
