//! Lets a call to SecureAuth start only if it surely ends before lease and worker slot expire.
//!
//! SecureAuth accepts calls from a worker whose lease is lost. So lease and slot must last for the call's deadline and
//! a margin (docs/decisions.md#secureauth-cannot-be-fenced).

use std::sync::Arc;
use std::time::Duration;

use super::heartbeat::Hold;
use ic_secureauth_api::{CallGuard, CallNotAllowed};

/// A call needs both, the lease and the worker slot.
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
