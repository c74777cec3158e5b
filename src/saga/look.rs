//! Finds an organization although reads may be stale (docs/decisions.md#gone-needs-two-looks).

use super::run_context::RunContext;
use super::step_error::StepError;
use super::steps::ensure_pool::organization_of;
use crate::domain::run::Kind;
use ic_secureauth_api::{Api, ApiError, Organization, OrganizationId, OrganizationQuery, Versioned};

impl RunContext<'_> {
    /// SecureAuth shows the `deactivated` flag that the run wants, so the point of no return is reached
    /// (docs/ARCHITECTURE.md#point-of-no-return). For a disable run an organization that is gone counts as deactivated.
    pub(super) async fn shows_the_flag(&self) -> Result<bool, StepError> {
        let found = self.organization_anywhere(&organization_of(self)?).await?;
        Ok(match self.run.kind {
            Kind::Enable | Kind::Sync => found.is_some_and(|found| !found.value.deactivated()),
            Kind::Disable => found.is_none_or(|found| found.value.deactivated()),
        })
    }

    /// SecureAuth does not show the organization as deactivated, so people may sign in and enroll credentials.
    pub(super) async fn organization_is_live(&mut self) -> Result<bool, StepError> {
        if self.organization_seen.is_none() {
            let found = self.organization_anywhere(&organization_of(self)?).await?;
            self.organization_seen = Some(found.ok_or_else(StepError::not_shown)?);
        }
        let seen = self.organization_seen.as_ref();
        Ok(seen.is_none_or(|seen| !seen.value.deactivated()))
    }

    /// See [`organization_anywhere`].
    pub(super) async fn organization_anywhere(
        &self,
        id: &OrganizationId,
    ) -> Result<Option<Versioned<Organization>>, ApiError> {
        organization_anywhere(&self.api, id).await
    }
}

/// Reads an organization by its id and, if that finds nothing, searches the list: a cache may answer 404 long after the
/// creation. `None`: neither shows it, so it is gone.
pub(super) async fn organization_anywhere<Access>(
    api: &Api<Access>,
    id: &OrganizationId,
) -> Result<Option<Versioned<Organization>>, ApiError> {
    if let Some(found) = api.organization(id).await? {
        return Ok(Some(found));
    }
    let query = OrganizationQuery {
        // Also matches names that contain the id, hence the comparison.
        search_phrase: Some(id.to_string()),
        ..OrganizationQuery::default()
    };
    let mut after = None;
    loop {
        let page = api.list_organizations(&query, after.as_ref()).await?;
        if let Some(value) = page.items.into_iter().find(|organization| organization.id() == id) {
            return Ok(Some(Versioned { value, etag: None }));
        }
        after = page.next;
        if after.is_none() {
            return Ok(None);
        }
    }
}
