//! Audit events: who created what (SYS `/servers/{wid}/audit-events`, scope `view_audit_events`;
//! docs/reference/secureauth-api.md#audit-events).

use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Api, ApiError, MAX_PAGE, Operation, OrganizationId,
    concerns::{Asked, Concerns, Mismatch, same},
    page,
};

/// The client's own workspace. Its list has the events of all workspaces.
const SYSTEM_WORKSPACE: &str = "system";

/// Which events to list. The API has no filter by correlation id: list a time span and compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// `organization`, `pool`, `user`, `import`, …; empty: all.
    pub subjects: Vec<String>,
    /// `created`, `updated`, `deleted`, `failed`, …; empty: all.
    pub actions: Vec<String>,
    /// Events of this organization.
    pub organization_id: Option<OrganizationId>,
    /// Earliest time.
    pub from: Option<OffsetDateTime>,
    /// Latest time.
    pub to: Option<OffsetDateTime>,
    /// Continue after this event.
    pub after_event_id: Option<String>,
    /// Rows per page, 1 to [`MAX_PAGE`].
    pub limit: u32,
}

impl Default for AuditQuery {
    fn default() -> Self {
        Self {
            subjects: Vec::new(),
            actions: Vec::new(),
            organization_id: None,
            from: None,
            to: None,
            after_event_id: None,
            limit: MAX_PAGE,
        }
    }
}

/// One event (SYS `AuditEvent`), without the members about persons and their devices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuditEvent {
    /// Unique; the next page starts after the last one.
    pub event_id: String,
    /// The tenant it happened in.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// The workspace it happened in.
    #[serde(default)]
    pub server_id: Option<String>,
    /// For example `created`.
    #[serde(default)]
    pub action: Option<String>,
    /// Kind of the resource, for example `pool`.
    #[serde(default)]
    pub event_subject: Option<String>,
    /// Time of the event.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub timestamp: Option<OffsetDateTime>,
    /// The client and the request that caused the event.
    #[serde(default)]
    pub metadata: AuditEventMetadata,
}

/// The client and the request that caused an event (SYS `AuditEventMetadata`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct AuditEventMetadata {
    /// `client_id` of the OAuth client.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The organization that the event concerns.
    #[serde(default)]
    pub organization_id: Option<String>,
    /// The pool that was changed.
    #[serde(default)]
    pub affected_user_pool_id: Option<String>,
    /// The `X-Correlation-ID` of the request.
    #[serde(default)]
    pub request_correlation_id: Option<String>,
    /// The `x-trace-id` of the answer.
    #[serde(default)]
    pub trace_id: Option<String>,
}

/// `{"audit_events":[AuditEvent]}`
#[derive(Deserialize)]
struct AuditEvents {
    audit_events: Option<Vec<AuditEvent>>,
}

impl Concerns for AuditEvents {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        self.audit_events.concerns(asked)
    }
}

/// [`Asked::id`] is the organization that the query names.
impl Concerns for AuditEvent {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        same("tenant_id", self.tenant_id.as_deref(), asked.tenant)?;
        same("server_id", self.server_id.as_deref(), asked.workspace)?;
        let organization = self.metadata.organization_id.as_deref();
        same("metadata.organization_id", organization, asked.id)
    }
}

impl<Access> Api<Access> {
    /// `GET /servers/{wid}/audit-events`: one page of the events of a workspace.
    pub async fn audit_events(
        &self,
        workspace: &OrganizationId,
        query: &AuditQuery,
    ) -> Result<Vec<AuditEvent>, ApiError> {
        let mut url = self.paths().system(["servers", workspace.as_str(), "audit-events"]);
        for (name, value) in query.pairs() {
            url.query_pairs_mut().append_pair(name, &value);
        }
        let asked = Asked {
            workspace: Some(workspace.as_str()).filter(|workspace| *workspace != SYSTEM_WORKSPACE),
            id: query.organization_id.as_ref().map(OrganizationId::as_str),
            ..self.asked()
        };
        let answer = self.get(Operation::ListAuditEvents, url).await?;
        let events: AuditEvents = answer.json(&asked)?.value;
        Ok(events.audit_events.unwrap_or_default())
    }
}

impl AuditQuery {
    fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let list = |values: &[String]| (!values.is_empty()).then(|| values.join(","));
        let time = |at: Option<OffsetDateTime>| at.and_then(|at| at.format(&Rfc3339).ok());
        [
            ("event_subject", list(&self.subjects)),
            ("event_action", list(&self.actions)),
            (
                "organization_id",
                self.organization_id.as_ref().map(ToString::to_string),
            ),
            ("timestamp_from", time(self.from)),
            ("timestamp_to", time(self.to)),
            ("after_event_id", self.after_event_id.clone()),
            ("limit", Some(page::clamp(self.limit).to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
    }
}
