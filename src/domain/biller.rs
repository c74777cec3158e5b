//! The biller's CIAM state, kept apart from the state of its runs (docs/ARCHITECTURE.md#biller-and-run).

use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use time::OffsetDateTime;

use super::ids::BillerId;

/// Whether a biller signs in through SecureAuth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CiamState {
    /// No enable run ever succeeded.
    NotEnabled,
    /// Enabled: CIAM status Active, toggle on, activation date set (docs/requirements.md#d1).
    Active,
    /// Enabled once, then disabled.
    Inactive,
}

/// The biller's CIAM record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillerCiam {
    /// The CRM's id.
    pub biller_id: BillerId,
    /// Changed only by a run that succeeds.
    pub state: CiamState,
    /// When it last became active; kept when it becomes inactive.
    pub activation_date: Option<OffsetDateTime>,
    /// Id of its organization in SecureAuth; `None` before a run succeeded.
    pub organization_id: Option<String>,
    /// Id of its identity pool in SecureAuth; `None` before a run succeeded.
    pub identity_pool_id: Option<String>,
    /// Part of every derived id; grows when a pool's id can no longer be used (docs/ARCHITECTURE.md#ids).
    pub generation: u32,
    /// How many leavers an operator allows the next run, and who; used up by that run.
    pub leavers_allowed: Option<LeaversAllowed>,
}

/// An operator's command `allow-leavers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaversAllowed {
    /// Most leavers of the run.
    pub most: u32,
    /// The person, as given with `--by`.
    pub by: String,
}

impl BillerCiam {
    /// The record of a biller that never had a run.
    pub fn untouched(biller_id: BillerId) -> Self {
        Self {
            biller_id,
            state: CiamState::NotEnabled,
            activation_date: None,
            organization_id: None,
            identity_pool_id: None,
            generation: 0,
            leavers_allowed: None,
        }
    }
}
