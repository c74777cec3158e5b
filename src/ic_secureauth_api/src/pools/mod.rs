//! Identity pools (IDS `/system/pools`, scope `identity`; docs/reference/secureauth-api.md#pools). This client never changes the settings
//! of an existing pool, so it has no update.

use reqwest::Method;
use serde::Deserialize;
use url::Url;

use super::{
    Api, ApiError, Deleted, IdempotencyKey, MAX_PAGE, Operation, OrganizationId, Page, PoolId, Versioned,
    access::ReadWrite,
    concerns::{Asked, Concerns, Mismatch},
    transport::Call,
};

mod new;
mod pool;
mod setting;

pub use new::NewPool;
pub use pool::Pool;
pub use setting::PoolSetting;

/// `{"pools":[PoolResponse]}`
#[derive(Deserialize)]
struct Pools {
    pools: Option<Vec<Pool>>,
}

impl Concerns for Pools {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        self.pools.concerns(asked)
    }
}

impl<Access> Api<Access> {
    /// `GET /system/pools/{ipID}`; `None` for 404.
    pub async fn pool(&self, id: &PoolId) -> Result<Option<Versioned<Pool>>, ApiError> {
        let answer = self.get(Operation::GetPool, self.pool_url(id)).await?;
        answer.json_if_present(&Asked {
            id: Some(id.as_str()),
            ..self.asked()
        })
    }

    /// `GET /system/workspace/{wid}/pools`: all pools of an organization, from all pages. Empty for an organization that does not exist,
    /// because the API documents no 404 here.
    pub async fn pools_of(&self, organization: &OrganizationId) -> Result<Vec<Pool>, ApiError> {
        let mut pools = Vec::new();
        let mut after = None;
        loop {
            let page = self.pools_page(organization, after.as_ref()).await?;
            pools.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(pools);
            }
        }
    }

    async fn pools_page(
        &self,
        organization: &OrganizationId,
        after: Option<&PoolId>,
    ) -> Result<Page<Pool, PoolId>, ApiError> {
        let mut url = self.paths().identity(["workspace", organization.as_str(), "pools"]);
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after_pool_id", after.as_str());
        }
        // The request names the order, because the cursor works in the order of ids only.
        url.query_pairs_mut()
            .append_pair("sort", "id")
            .append_pair("limit", &MAX_PAGE.to_string());
        let answer = self.get(Operation::ListPools, url).await?;
        let asked = Asked {
            workspace: Some(organization.as_str()),
            ..self.asked()
        };
        let Pools { pools } = answer.json(&asked)?.value;
        Page::new(pools.unwrap_or_default(), MAX_PAGE, after, |last| last.id.clone()).ok_or_else(|| answer.unusable())
    }

    fn pool_url(&self, id: &PoolId) -> Url {
        self.paths().identity(["pools", id.as_str()])
    }
}

impl Api<ReadWrite> {
    /// `POST /system/pools?with_idp=true` (`Pool`): creates the pool and, in its workspace, the identity provider that its users sign in
    /// with.
    ///
    /// The server may choose another id than the one that is sent, so use the id of the answer. The client repeats it only while the
    /// server remembers the key. After [`outcome_unknown`](ApiError::outcome_unknown) look by id and marker first.
    pub async fn create_pool(&self, new: &NewPool, key: &IdempotencyKey) -> Result<Versioned<Pool>, ApiError> {
        let mut url = self.paths().identity(["pools"]);
        with_idp(&mut url);
        let call = Call::new(Operation::CreatePool, Method::POST, url)
            .json(&new.request(self.tenant_id()))?
            .key(key);
        self.send(call).await?.json(&Asked {
            id: Some(new.id.as_str()),
            workspace: Some(new.workspace_id.as_str()),
            marker: Some(&new.marker),
            ..self.asked()
        })
    }

    /// `DELETE /system/pools/{ipID}?with_idp=true`: deletes the pool with its users and its identity provider.
    pub async fn delete_pool(&self, id: &PoolId) -> Result<Deleted, ApiError> {
        let mut url = self.pool_url(id);
        with_idp(&mut url);
        let call = Call::new(Operation::DeletePool, Method::DELETE, url);
        self.send(call).await?.deleted()
    }
}

fn with_idp(url: &mut Url) {
    url.query_pairs_mut().append_pair("with_idp", "true");
}
