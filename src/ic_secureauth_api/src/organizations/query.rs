//! Query of the list of organizations.

use url::Url;

use super::super::{MAX_PAGE, OrganizationId, page};

/// Which organizations to list. The API has no filter by parent (docs/reference/secureauth-api.md#organizations).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationQuery {
    /// An exact id, or a part of a name; case does not count.
    pub search_phrase: Option<String>,
    /// True: templates only; false: no templates.
    pub template: Option<bool>,
    /// Fills [`Organization::child_count`](super::Organization::child_count).
    pub with_child_count: bool,
    /// Rows per page, 1 to [`MAX_PAGE`].
    pub limit: u32,
}

impl Default for OrganizationQuery {
    fn default() -> Self {
        Self {
            search_phrase: None,
            template: None,
            with_child_count: false,
            limit: MAX_PAGE,
        }
    }
}

impl OrganizationQuery {
    /// Returns the limit that the request has.
    pub(super) fn append_to(&self, url: &mut Url, after: Option<&OrganizationId>) -> u32 {
        let limit = page::clamp(self.limit);
        let mut query = url.query_pairs_mut();
        if let Some(phrase) = &self.search_phrase {
            query.append_pair("search_phrase", phrase);
        }
        if let Some(template) = self.template {
            query.append_pair("template", if template { "true" } else { "false" });
        }
        if self.with_child_count {
            query.append_pair("with_child_count", "true");
        }
        if let Some(after) = after {
            query.append_pair("after_organization_id", after.as_str());
        }
        query.append_pair("limit", &limit.to_string());
        limit
    }
}
