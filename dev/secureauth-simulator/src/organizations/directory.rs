//! The directory that a new organization may bring (row 115): a pool that nobody marked, with the default schemas and passwords only.

use std::time::Duration;

use time::OffsetDateTime;

use crate::pools::put_directory;
use crate::server::call::Call;
use crate::state::State;
use crate::switches::choices::OrganizationDirectory;

/// A directory that is not there yet.
#[derive(Debug)]
pub(crate) struct Awaited {
    due: OffsetDateTime,
    organization_id: String,
    with_idp: bool,
}

impl State {
    /// The organization gets its directory at once, or later.
    pub(super) fn await_directory(&mut self, call: &Call, organization_id: &str) {
        let with_idp = match *call.switches.organization_directory {
            OrganizationDirectory::Off => return,
            OrganizationDirectory::Pool => false,
            OrganizationDirectory::PoolWithIdp => true,
        };
        self.directories.push(Awaited {
            due: call.now + Duration::from_millis(*call.switches.organization_directory_delay_ms),
            organization_id: organization_id.to_owned(),
            with_idp,
        });
        self.make_directories(call.now);
    }

    /// The organization is deleted, so it gets none. Its id may be used again.
    pub(super) fn forget_directory(&mut self, organization_id: &str) {
        self.directories
            .retain(|awaited| awaited.organization_id != organization_id);
    }

    /// Makes the directories that are due; done before anything looks at the tenant.
    pub(crate) fn make_directories(&mut self, now: OffsetDateTime) {
        let (due, later) = std::mem::take(&mut self.directories)
            .into_iter()
            .partition::<Vec<_>, _>(|awaited| awaited.due <= now);
        self.directories = later;
        for awaited in due {
            put_directory(self, now, &awaited.organization_id, awaited.with_idp);
        }
    }
}
