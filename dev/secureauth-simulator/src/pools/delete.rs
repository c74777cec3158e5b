//! `DELETE /system/pools/{ipID}` (rows 47 and 48).

use std::time::Duration;

use time::OffsetDateTime;

use super::find_live;
use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::lag::LagTimes;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::State;

pub(super) fn delete(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let mut state = app.state();
    let pool = find_live(&state, call)?;
    call.check_if_match(pool.head.revision)?;
    let (id, workspace) = (pool.id().to_owned(), pool.text("workspace_id").to_owned());
    if call.flag("with_idp") || !call.switches.delete_leaves_idp.is_on() {
        state.idps.remove_pool(&workspace, &id);
    }
    if call.switches.pool_tombstone.is_on() {
        state.pools.bury(&id);
    }
    if *call.switches.pool_purge_ms == 0 {
        state.pools.remove(call.now, LagTimes::of(call), &id);
    } else {
        let purge_at = call.now + Duration::from_millis(*call.switches.pool_purge_ms);
        state.pools.mark_deleted(&id, purge_at);
    }
    state.record(call, Subject::Pool, Action::Deleted, &workspace, Some((id, None)));
    Ok(Reply::empty(204))
}

impl State {
    /// Removes the pools whose purge is due; done before anything looks at the tenant.
    pub(crate) fn purge_pools(&mut self, now: OffsetDateTime) {
        while let Some(id) = self.pools.next_purge(now) {
            self.pools.remove(now, LagTimes::default(), &id);
        }
    }
}
