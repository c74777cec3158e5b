//! Organizations by id, the numbers of their children, and older states for lagging reads.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::OffsetDateTime;

use super::model::{Organization, OrganizationRequest};
use crate::lag::{Lag, LagTimes, Reader};

/// The tenant's organizations.
#[derive(Debug, Default)]
pub(crate) struct Organizations {
    by_id: BTreeMap<String, Organization>,
    children: HashMap<String, u64>,
    /// Ids of deleted organizations that stay unusable (row 33).
    reserved: BTreeSet<String>,
    lag: Lag<String, Organization>,
    /// When each organization was created, but for the first one (row 123).
    made_at: HashMap<String, OffsetDateTime>,
    /// The etag of the list. Every write changes it.
    revision: u64,
}

impl Organizations {
    /// The organization that exists at start.
    pub(crate) fn add_parent(&mut self, id: &str, salt: String) {
        let request = OrganizationRequest {
            name: Some("Invoice Cloud".to_owned()),
            parent_id: Some("default".to_owned()),
            ..OrganizationRequest::default()
        };
        let organization = Organization::new(id.to_owned(), &request, salt, 0);
        self.by_id.insert(organization.id.clone(), organization);
    }

    pub(crate) fn all(&self) -> &BTreeMap<String, Organization> {
        &self.by_id
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Organization> {
        self.by_id.get(id)
    }

    pub(crate) fn made_at(&self, id: &str) -> Option<OffsetDateTime> {
        self.made_at.get(id).copied()
    }

    /// The state that a GET shows; it may be older (row 15).
    pub(super) fn read(&self, now: OffsetDateTime, id: &str, fresh: bool) -> Option<&Organization> {
        let current = self.get(id);
        if fresh || self.lag.is_empty() {
            return current;
        }
        self.lag.shown(now, Reader::Get, &id.to_owned()).or_current(current)
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Number of children of an organization.
    pub(super) fn children(&self, id: &str) -> u64 {
        self.children.get(id).copied().unwrap_or_default()
    }

    /// Ids of the children. Reads all organizations, so only a cascading delete uses it.
    pub(super) fn children_ids(&self, id: &str) -> Vec<String> {
        self.by_id
            .values()
            .filter(|child| child.parent_id == id)
            .map(|child| child.id.clone())
            .collect()
    }

    pub(super) fn is_reserved(&self, id: &str) -> bool {
        self.reserved.contains(id)
    }

    /// Adds or replaces an organization.
    pub(crate) fn put(&mut self, now: OffsetDateTime, times: LagTimes, organization: Organization) {
        self.revision = organization.revision;
        let id = organization.id.clone();
        *self.children.entry(organization.parent_id.clone()).or_default() += 1;
        let before = self.by_id.insert(id.clone(), organization);
        self.forget_child(before.as_ref());
        self.made_at.entry(id.clone()).or_insert(now);
        self.lag.record(now, times, id, || before);
    }

    /// Removes an organization; `reserve` keeps its id unusable.
    pub(super) fn remove(&mut self, now: OffsetDateTime, times: LagTimes, id: &str, revision: u64, reserve: bool) {
        self.revision = revision;
        let before = self.by_id.remove(id);
        self.forget_child(before.as_ref());
        self.made_at.remove(id);
        self.lag.record(now, times, id.to_owned(), || before);
        if reserve {
            self.reserved.insert(id.to_owned());
        }
    }

    fn forget_child(&mut self, child: Option<&Organization>) {
        if let Some(count) = child.and_then(|child| self.children.get_mut(&child.parent_id)) {
            *count = count.saturating_sub(1);
        }
    }
}
