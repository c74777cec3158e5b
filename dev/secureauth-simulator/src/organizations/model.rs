//! `OrganizationResponse`, `CreateOrganizationRequest` and `Org`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::errors::ApiError;
use crate::schemas::refuses;
use crate::server::call::Call;

/// Members of `CreateOrganizationRequest` and, without the last, of `Org`.
pub(super) const MEMBERS: [&str; 11] = [
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
    "template_id",
];

/// Row 29: a member that no specification has.
pub(super) const NEWER_MEMBER: &str = "data_residency";

/// Mechanisms an organization or a pool may allow.
pub(crate) const MECHANISMS: [&str; 11] = [
    "totp",
    "password",
    "otp",
    "email_otp",
    "sms_otp",
    "voice_otp",
    "webauthn",
    "usernameless_webauthn",
    "push",
    "symbol",
    "qr_code",
];

/// A request to create or replace an organization. A missing or null member is `None`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OrganizationRequest {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) parent_id: Option<String>,
    pub(crate) color: Option<String>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) domains: Option<Vec<String>>,
    pub(crate) authentication_mechanisms: Option<Vec<String>>,
    pub(crate) deactivated: Option<bool>,
    pub(crate) template: Option<bool>,
    pub(crate) template_id: Option<String>,
    /// Row 29: a member that no specification has.
    #[serde(rename = "data_residency")]
    pub(crate) newer: Option<Value>,
}

/// `ServerMetadata`: free attributes and their schema.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Metadata {
    pub(crate) payload: Option<Map<String, Value>>,
    pub(crate) schema: Option<Map<String, Value>>,
}

impl OrganizationRequest {
    /// Rows 24 and 25: enum values, colour, and the metadata against its own schema.
    pub(super) fn check(&self, call: &Call) -> Result<(), ApiError> {
        let invalid = |member: &str| ApiError::refusal(*call.switches.invalid_value, format!("Invalid {member}"));
        if self.color.as_deref().is_some_and(|color| !is_color(color)) {
            return Err(invalid("color"));
        }
        let mut mechanisms = self.authentication_mechanisms.iter().flatten();
        if mechanisms.any(|mechanism| !MECHANISMS.contains(&mechanism.as_str())) {
            return Err(invalid("authentication_mechanisms"));
        }
        if call.switches.metadata_schema_check.is_on()
            && let Some(Metadata {
                payload: Some(payload),
                schema: Some(schema),
            }) = &self.metadata
            && refuses(&Value::Object(schema.clone()), &Value::Object(payload.clone()))
        {
            return Err(ApiError::unprocessable("metadata does not match its schema"));
        }
        Ok(())
    }
}

/// `#` and 3 or 6 hex digits; empty as the zero value of a PUT.
fn is_color(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix('#').is_some_and(|digits| {
            [3, 6].contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
}

/// An organization as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) parent_id: String,
    pub(crate) color: String,
    pub(crate) metadata: Metadata,
    pub(crate) domains: Option<Vec<String>>,
    pub(crate) authentication_mechanisms: Option<Vec<String>>,
    pub(crate) deactivated: bool,
    pub(crate) template: bool,
    pub(crate) salt: String,
    /// Row 29: a member that no specification has.
    pub(crate) newer: Value,
    pub(crate) revision: u64,
}

impl Organization {
    /// A new organization with the defaults of row 20.
    pub(super) fn new(id: String, request: &OrganizationRequest, salt: String, revision: u64) -> Self {
        let usual = ["totp", "password", "email_otp", "webauthn"].map(str::to_owned);
        Self {
            id,
            name: request.name.clone().unwrap_or_default(),
            description: request.description.clone().unwrap_or_default(),
            parent_id: request.parent_id.clone().unwrap_or_default(),
            color: request.color.clone().unwrap_or_else(|| "#6366F1".to_owned()),
            metadata: request.metadata.clone().unwrap_or_default(),
            domains: request.domains.clone(),
            authentication_mechanisms: Some(
                request
                    .authentication_mechanisms
                    .clone()
                    .unwrap_or_else(|| usual.to_vec()),
            ),
            deactivated: request.deactivated.unwrap_or_default(),
            template: request.template.unwrap_or_default(),
            salt,
            newer: json!({ "region": "eu", "weight": 1.50 }),
            revision,
        }
    }

    /// Row 29: takes every `Org` member of the request. One that is left out becomes its zero value.
    pub(super) fn replace(&mut self, request: &OrganizationRequest) {
        let request = request.clone();
        self.name = request.name.unwrap_or_default();
        self.description = request.description.unwrap_or_default();
        self.parent_id = request.parent_id.unwrap_or_default();
        self.color = request.color.unwrap_or_default();
        self.metadata = request.metadata.unwrap_or_default();
        self.domains = request.domains;
        self.authentication_mechanisms = request.authentication_mechanisms;
        self.deactivated = request.deactivated.unwrap_or_default();
        self.template = request.template.unwrap_or_default();
    }

    /// The organization as a full `Org`, for a PUT that keeps members that are left out.
    pub(super) fn as_request(&self) -> OrganizationRequest {
        OrganizationRequest {
            id: Some(self.id.clone()),
            name: Some(self.name.clone()),
            description: Some(self.description.clone()),
            parent_id: Some(self.parent_id.clone()),
            color: Some(self.color.clone()),
            metadata: Some(self.metadata.clone()),
            domains: self.domains.clone(),
            authentication_mechanisms: self.authentication_mechanisms.clone(),
            deactivated: Some(self.deactivated),
            template: Some(self.template),
            template_id: None,
            newer: Some(self.newer.clone()),
        }
    }

    /// `OrganizationResponse`.
    pub(super) fn response(&self, tenant: &str, children: Option<u64>) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "parent_id": self.parent_id,
            "color": self.color,
            "metadata": {
                "payload": self.metadata.payload,
                "schema": self.metadata.schema.clone().unwrap_or_default(),
            },
            "domains": self.domains,
            "authentication_mechanisms": self.authentication_mechanisms,
            "deactivated": self.deactivated,
            "issuer_url": format!(
                "https://{tenant}.us.connect.secureauth.com/{tenant}/{}",
                self.id
            ),
            "theme_id": null,
            "subject_format": "hash",
            "subject_identifier_algorithm_salt": self.salt,
            "template": self.template,
            "number_of_child_organizations": children.unwrap_or_default(),
        })
    }
}
