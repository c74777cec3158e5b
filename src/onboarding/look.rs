//! Looking for what must not be missed (reference 3 "Read staleness", 5.5).

use super::run_context::RunContext;
use crate::ic_secureauth_api::{ApiError, Organization, OrganizationId, OrganizationQuery, Versioned};

impl RunContext<'_> {
    /// An organization by its id and, where that shows nothing, by the list: a cache may go on answering 404 long after a
    /// creation. What neither shows is gone.
    pub(super) async fn organization_anywhere(
        &self,
        id: &OrganizationId,
    ) -> Result<Option<Versioned<Organization>>, ApiError> {
        if let Some(found) = self.api.organization(id).await? {
            return Ok(Some(found));
        }
        let query = OrganizationQuery {
            // Also matches names that contain the id, hence the comparison.
            search_phrase: Some(id.to_string()),
            ..OrganizationQuery::default()
        };
        let mut after = None;
        loop {
            let page = self.api.list_organizations(&query, after.as_ref()).await?;
            if let Some(value) = page.items.into_iter().find(|organization| organization.id() == id) {
                return Ok(Some(Versioned { value, etag: None }));
            }
            after = page.next;
            if after.is_none() {
                return Ok(None);
            }
        }
    }
}
