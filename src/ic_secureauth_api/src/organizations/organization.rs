//! An organization as the API returns it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::super::{
    Marker, OrganizationId,
    concerns::{Asked, Concerns, Mismatch, same},
    members::{Members, UnexpectedMember},
};

/// Members that only the response has; a PUT leaves them out (docs/reference/secureauth-api.md#organizations-create). The salt is a
/// secret.
const RESPONSE_ONLY: &[&str] = &[
    "issuer_url",
    "subject_format",
    "subject_identifier_algorithm_salt",
    "theme_id",
    "number_of_child_organizations",
];

/// Members of a PUT that the specification has (SYS `Org`). They are always sent.
const SPECIFIED: &[&str] = &[
    "id",
    "name",
    "description",
    "parent_id",
    "color",
    "metadata",
    "domains",
    "authentication_mechanisms",
    "deactivated",
    "template",
];

/// An organization as it was read (SYS `OrganizationResponse`), with all members. Those that this client does not know are sent back by
/// [`Api::update_organization`](super::super::Api::update_organization).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Members")]
pub struct Organization {
    id: OrganizationId,
    tenant_id: Option<String>,
    name: Option<String>,
    parent_id: Option<String>,
    deactivated: bool,
    marker: Option<Marker>,
    child_count: Option<u64>,
    authentication_mechanisms: Vec<String>,
    members: Members,
}

/// The part of `ServerMetadata` that contains the marker.
#[derive(Default, Deserialize)]
struct ServerMetadata {
    payload: Option<Map<String, Value>>,
}

impl Organization {
    /// Also the id of its workspace.
    pub fn id(&self) -> &OrganizationId {
        &self.id
    }

    /// Display name; not unique.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Id of the parent organization or workspace.
    pub fn parent_id(&self) -> Option<&str> {
        self.parent_id.as_deref().filter(|id| !id.is_empty())
    }

    /// True: nobody can sign in. False when the server leaves the member out.
    pub fn deactivated(&self) -> bool {
        self.deactivated
    }

    /// The run that created it; `None` when no run of ours did.
    pub fn marker(&self) -> Option<&Marker> {
        self.marker.as_ref()
    }

    /// `number_of_child_organizations`, which the list counts on request only. `None` when it is absent or no number.
    pub fn child_count(&self) -> Option<u64> {
        self.child_count
    }

    /// Names of the factors that its pools may use. Without a list in the answer it allows none.
    pub fn authentication_mechanisms(&self) -> &[String] {
        &self.authentication_mechanisms
    }

    /// Changes `deactivated` and keeps all other members.
    #[must_use]
    pub fn with_deactivated(mut self, deactivated: bool) -> Self {
        self.deactivated = deactivated;
        self.members.set("deactivated", &deactivated);
        self
    }

    /// Changes the display name and keeps all other members.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self.members.set("name", name);
        self
    }

    /// The body of a PUT (`Org`).
    pub(super) fn request(&self) -> BTreeMap<&str, &RawValue> {
        self.members.without(RESPONSE_ONLY)
    }

    /// The members of [`Self::request`] that the specification does not have.
    pub(super) fn unspecified(&self) -> Vec<String> {
        let names = self.request().into_keys();
        names
            .filter(|name| !SPECIFIED.contains(name))
            .map(str::to_owned)
            .collect()
    }

    /// Without members that the server does not know.
    pub(super) fn without(mut self, names: &[String]) -> Self {
        for name in names {
            self.members.remove(name);
        }
        self
    }
}

impl Concerns for Organization {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        same("tenant_id", self.tenant_id.as_deref(), asked.tenant)?;
        // With the marker that was just sent it is the created one, even if the server chose another id.
        let is_marked = asked.marker.is_some_and(|marker| marker.is_of_same_run(self.marker()));
        if !is_marked {
            same("id", Some(self.id.as_str()), asked.id)?;
        }
        same("parent_id", self.parent_id(), asked.parent)
    }
}

impl TryFrom<Members> for Organization {
    type Error = UnexpectedMember;

    fn try_from(members: Members) -> Result<Self, UnexpectedMember> {
        // Metadata of another shape contain no marker of ours.
        let metadata: ServerMetadata = members.get("metadata").ok().flatten().unwrap_or_default();
        Ok(Self {
            id: members.get("id")?.ok_or(UnexpectedMember("id"))?,
            tenant_id: members.get("tenant_id")?,
            name: members.get("name")?,
            parent_id: members.get("parent_id")?,
            deactivated: members.get("deactivated")?.unwrap_or_default(),
            marker: metadata.payload.as_ref().and_then(Marker::from_metadata),
            // An unreadable count is unknown, which the caller handles. The other members are still good.
            child_count: members.get("number_of_child_organizations").ok().flatten(),
            // A list of another shape allows nothing that anybody could rely on. The other members are still good.
            authentication_mechanisms: members
                .get("authentication_mechanisms")
                .ok()
                .flatten()
                .unwrap_or_default(),
            members,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Organization, serde_json::Error> {
        serde_json::from_str(&body.to_string())
    }

    #[test]
    fn an_organization_without_an_id_is_not_one() {
        assert!(read(&json!({"name": "x"})).is_err());
        assert!(read(&json!({"id": ""})).is_err());
    }

    #[test]
    fn absent_and_null_members_are_no_reason_to_fail() {
        let organization =
            read(&json!({"id": "1", "name": null, "metadata": {"payload": null}, "parent_id": ""})).unwrap();
        assert_eq!(
            (organization.name(), organization.parent_id(), organization.marker()),
            (None, None, None)
        );
        assert!(!organization.deactivated());
    }

    #[test]
    fn a_child_count_that_is_absent_or_no_number_is_unknown_and_not_zero() {
        for count in [json!(null), json!("3"), json!(-1), json!({})] {
            let organization = read(&json!({"id": "1", "number_of_child_organizations": count})).unwrap();
            assert_eq!(organization.child_count(), None);
        }
        assert_eq!(read(&json!({"id": "1"})).unwrap().child_count(), None);
        let none = read(&json!({"id": "1", "number_of_child_organizations": 0})).unwrap();
        assert_eq!(none.child_count(), Some(0));
    }

    #[test]
    fn an_organization_without_a_list_of_factors_allows_none() {
        let allowed = |list: Value| {
            let body = json!({"id": "1", "authentication_mechanisms": list});
            read(&body).unwrap().authentication_mechanisms().to_vec()
        };
        assert_eq!(allowed(json!(["totp", "invented"])), ["totp", "invented"]);
        for none in [json!([]), json!(null), json!("password"), json!([1])] {
            assert!(allowed(none).is_empty());
        }
    }

    #[test]
    fn metadata_of_another_shape_holds_no_marker() {
        let organization = read(&json!({"id": "1", "metadata": {"payload": ["ic_bid"]}})).unwrap();
        assert_eq!(organization.marker(), None);
    }

    #[test]
    fn digits_and_order_inside_unknown_members_survive() {
        let text = r#"{"id":"1","invented":{"z":1.10,"a":123456789012345678901234567890}}"#;
        let organization: Organization = serde_json::from_str(text).unwrap();
        let body = serde_json::to_string(&organization.with_deactivated(true).request()).unwrap();
        assert_eq!(
            body,
            r#"{"deactivated":true,"id":"1","invented":{"z":1.10,"a":123456789012345678901234567890}}"#
        );
    }

    #[test]
    fn debug_shows_names_of_members_only() {
        let salted = read(&json!({"id": "1", "subject_identifier_algorithm_salt": "s4lt"})).unwrap();
        let shown = format!("{salted:?}");
        assert!(shown.contains("subject_identifier_algorithm_salt") && !shown.contains("s4lt"));
    }
}
