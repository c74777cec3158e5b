//! No call to SecureAuth starts unless it surely ends while lease and slot are still ours (design.md §3).
//!
//! SecureAuth cannot be fenced, so the lease's rest must cover the call's deadline and a margin.

use std::sync::Arc;
use std::time::Duration;

use super::heartbeat::Hold;
use ic_secureauth_api::{CallGuard, CallNotAllowed};

/// Lease and slot together.
#[derive(Debug)]
pub(super) struct LeaseGuard {
    pub(super) lease: Arc<Hold>,
    pub(super) slot: Arc<Hold>,
    pub(super) margin: Duration,
}

impl CallGuard for LeaseGuard {
    fn may_start(&self, deadline: Duration) -> Result<(), CallNotAllowed> {
        let rest = deadline + self.margin;
        if self.lease.lasts(rest) && self.slot.lasts(rest) {
            Ok(())
        } else {
            Err(CallNotAllowed)
        }
    }
}
