//! Organizations (SYS `/organizations`, scope `manage_configuration`;
//! docs/reference/secureauth-api.md#organizations).

use reqwest::Method;
use serde::Deserialize;
use tracing::warn;
use url::Url;

use super::{
    Api, ApiError, Deleted, ETag, IdempotencyKey, Operation, OrganizationId, Page, Versioned,
    access::ReadWrite,
    concerns::{Asked, Concerns, Mismatch},
    transport::Call,
};

mod new;
mod organization;
mod query;

pub use new::NewOrganization;
pub use organization::Organization;
pub use query::OrganizationQuery;

/// `{"organizations":[OrganizationResponse]}`
#[derive(Deserialize)]
struct Organizations {
    organizations: Option<Vec<Organization>>,
}

impl Concerns for Organizations {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        self.organizations.concerns(asked)
    }
}

impl<Access> Api<Access> {
    /// `GET /organizations/{wid}`; `None` for 404. The answer may come from a cache of the server.
    pub async fn organization(&self, id: &OrganizationId) -> Result<Option<Versioned<Organization>>, ApiError> {
        self.organization_fresh(id, None).await
    }

    /// As [`organization`](Self::organization), but not older than the write that returned the tag `after`. The tag is sent as `If-Match`,
    /// so the server does not answer from a cache (docs/reference/secureauth-api.md#requests-etag-and-stale-reads).
    /// [`Class::Stale`](super::Class::Stale): there was another write since.
    pub async fn organization_fresh(
        &self,
        id: &OrganizationId,
        after: Option<&ETag>,
    ) -> Result<Option<Versioned<Organization>>, ApiError> {
        let call = Call::get(Operation::GetOrganization, self.organization_url(id)).if_match(after);
        self.send(call).await?.json_if_present(&Asked {
            id: Some(id.as_str()),
            ..self.asked()
        })
    }

    /// `GET /organizations`: one page, in the order of ids, from the start or after an id.
    pub async fn list_organizations(
        &self,
        query: &OrganizationQuery,
        after: Option<&OrganizationId>,
    ) -> Result<Page<Organization, OrganizationId>, ApiError> {
        let mut url = self.paths().system(["organizations"]);
        let limit = query.append_to(&mut url, after);
        let answer = self.get(Operation::ListOrganizations, url).await?;
        // A search finds more than the exact id, so only the tenant is compared.
        let Organizations { organizations } = answer.json(&self.asked())?.value;
        Page::new(organizations.unwrap_or_default(), limit, after, |last| {
            last.id().clone()
        })
        .ok_or_else(|| answer.unusable())
    }

    /// Number of organizations below this one (`with_child_count`). `None` means unknown, not zero: the list does not show this
    /// organization, or shows no number for it.
    pub async fn child_count(&self, id: &OrganizationId) -> Result<Option<u64>, ApiError> {
        let query = OrganizationQuery {
            // The search also finds names that contain the id, so the ids are compared below.
            search_phrase: Some(id.to_string()),
            with_child_count: true,
            ..OrganizationQuery::default()
        };
        let mut after = None;
        loop {
            let page = self.list_organizations(&query, after.as_ref()).await?;
            if let Some(found) = page.items.iter().find(|organization| organization.id() == id) {
                return Ok(found.child_count());
            }
            after = page.next;
            if after.is_none() {
                return Ok(None);
            }
        }
    }

    fn organization_url(&self, id: &OrganizationId) -> Url {
        self.paths().system(["organizations", id.as_str()])
    }
}

impl Api<ReadWrite> {
    /// `POST /organizations` (`CreateOrganizationRequest`). The client repeats it only while the server remembers
    /// the key. After [`outcome_unknown`](ApiError::outcome_unknown) look by id first.
    pub async fn create_organization(
        &self,
        new: &NewOrganization,
        key: &IdempotencyKey,
    ) -> Result<Versioned<Organization>, ApiError> {
        let url = self.paths().system(["organizations"]);
        let call = Call::new(Operation::CreateOrganization, Method::POST, url)
            .json(&new.request())?
            .key(key);
        self.send(call).await?.json(&Asked {
            id: Some(new.id.as_str()),
            parent: Some(new.parent_id.as_str()),
            marker: Some(&new.marker),
            ..self.asked()
        })
    }

    /// `PUT /organizations/{wid}` (`Org`): the whole resource with every member that was read, except those that only
    /// the response has. [`Organization::with_deactivated`] and [`Organization::with_name`] change one member each. The tag is sent as `If-Match`; after [`Class::Stale`](super::Class::Stale) read again.
    ///
    /// A member that the specification does not have and that the server refuses as unknown (400, 422) is left out, and the rest is
    /// sent again.
    pub async fn update_organization(
        &self,
        organization: &Versioned<Organization>,
    ) -> Result<Versioned<Organization>, ApiError> {
        let mut sent = organization.value.clone();
        // Ends: every refusal that leads to another round takes a member away.
        let answer = loop {
            let call = Call::new(
                Operation::UpdateOrganization,
                Method::PUT,
                self.organization_url(sent.id()),
            )
            .json(&sent.request())?
            .if_match(organization.etag.as_ref())
            .optional_members(sent.unspecified());
            match Box::pin(self.send(call)).await {
                Err(error) if error.is_refusal() && !error.unknown_members().is_empty() => {
                    let members = error.unknown_members();
                    warn!(
                        ?members,
                        "SecureAuth does not know these members of an organization; sending it without them"
                    );
                    sent = sent.without(members);
                }
                answer => break answer?,
            }
        };
        answer.json(&Asked {
            id: Some(organization.value.id().as_str()),
            parent: organization.value.parent_id(),
            ..self.asked()
        })
    }

    /// `DELETE /organizations/{wid}`. The server may refuse it (400) while the organization has pools or children, so delete them first.
    pub async fn delete_organization(&self, id: &OrganizationId) -> Result<Deleted, ApiError> {
        let call = Call::new(Operation::DeleteOrganization, Method::DELETE, self.organization_url(id));
        self.send(call).await?.deleted()
    }
}
