//! `Pool` and `PoolResponse` (row 40).

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::organizations::MECHANISMS;
use crate::schemas::defaults;
use crate::users::UserStore;

/// Settings and revision of a pool. A lagging GET shows an older one.
#[derive(Debug, Clone)]
pub(crate) struct PoolHead {
    /// `PoolResponse` without the counts; every member is there.
    pub(super) settings: Map<String, Value>,
    pub(super) revision: u64,
}

/// A pool with its users.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(super) head: PoolHead,
    /// Number in the order of creation. The index of user ids uses it, because it is smaller than the id.
    pub(super) number: u32,
    /// Deleted, and readable until then (row 48).
    pub(super) purge_at: Option<OffsetDateTime>,
    pub(crate) users: UserStore,
}

impl PoolHead {
    /// A text member of the settings.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.settings.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn is_case_insensitive(&self) -> bool {
        self.settings.get("identifier_case_insensitive") == Some(&Value::Bool(true))
    }
}

impl Pool {
    /// A pool as a lagging read shows it after it was removed.
    pub(super) fn without_users(head: PoolHead) -> Self {
        Self {
            head,
            number: 0,
            purge_at: None,
            users: UserStore::default(),
        }
    }

    pub(crate) fn id(&self) -> &str {
        self.head.text("id")
    }

    /// A text member of the settings.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.head.text(member)
    }

    /// A list of mechanisms among the settings; null is an empty one.
    pub(crate) fn mechanisms(&self, member: &str) -> Vec<&str> {
        let list = self.head.settings.get(member).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A setting that is on.
    pub(crate) fn flag(&self, member: &str) -> bool {
        self.head.settings.get(member) == Some(&Value::Bool(true))
    }

    /// `Pool`.
    pub(crate) fn settings(&self) -> Value {
        Value::Object(self.head.settings.clone())
    }

    /// Free attributes of the client, for example a marker.
    pub(crate) fn metadata(&self) -> Value {
        self.head.settings.get("metadata").cloned().unwrap_or_default()
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.purge_at.is_some()
    }

    pub(crate) fn uses_schema(&self, id: &str) -> bool {
        ["payload_schema_id", "metadata_schema_id", "business_metadata_schema_id"]
            .iter()
            .any(|member| self.text(member) == id)
    }

    /// `PoolResponse` of a state of this pool.
    pub(super) fn response(&self, head: &PoolHead, now: OffsetDateTime) -> Value {
        let count = self.users.counts().shown(now);
        let mut members = head.settings.clone();
        members.insert("deleted".to_owned(), self.is_deleted().into());
        members.insert("number_of_users".to_owned(), count.total().into());
        members.insert("number_of_standard_users".to_owned(), count.standard.into());
        members.insert("number_of_jit_users".to_owned(), count.jit.into());
        Value::Object(members)
    }
}

/// The default settings (docs/reference/secureauth-api.md#a1).
pub(super) fn default_settings() -> Value {
    let otp = |ttl: &str| json!({ "length": 8, "ttl": ttl });
    let never = "0001-01-01T00:00:00Z";
    json!({
        "id": "",
        "tenant_id": "",
        "workspace_id": "",
        "name": "",
        "description": "",
        "public_registration_allowed": false,
        "authentication_mechanisms": ["totp", "password", "email_otp", "webauthn"],
        "preferred_authentication_mechanism": "password",
        "second_factor_authentication_mechanisms": null,
        "second_factor_preferred_authentication_mechanism": "",
        "payload_schema_id": defaults::PAYLOAD,
        "metadata_schema_id": defaults::METADATA,
        "business_metadata_schema_id": defaults::BUSINESS_METADATA,
        "otp_settings": {
            "activation": otp("168h0m0s"),
            "reset_password": otp("1h0m0s"),
            "reset_totp": otp("1h0m0s"),
            "enroll_webauthn": otp("1h0m0s"),
            "challenge": otp("5m0s"),
            "verify_address": otp("5m0s"),
            "authentication": otp("5m0s"),
        },
        "metadata": null,
        "password_settings": { "hashing_method": "pbkdf2", "expires_after": "0s" },
        "password_policy": {
            "strength": "fair",
            "min_length": 8,
            "special_characters": 0,
            "capital_letters": 0,
            "lowercase_letters": 0,
            "digits": 0,
            "not_used_since": 0,
        },
        "badge_color": "",
        "system": false,
        "identifier_case_insensitive": false,
        "second_factor_threshold": 0,
        "mfa_session_ttl": "0s",
        "reset_credentials_settings": {
            "do_not_allow_users_to_self_reset_credentials": false,
            "reset_password_older_than": never,
            "reset_webauthn_older_than": never,
            "reset_totp_older_than": never,
        },
        "totp_settings": { "issuer": "SecureAuth" },
        "allow_skip_2fa": false,
    })
}

/// Overwrites settings with the members of a request. Null and unknown members change nothing.
///
/// # Errors
/// The name of a member whose value has the wrong type or is not one of its enum.
pub(super) fn merge(settings: &mut Value, request: Map<String, Value>) -> Result<(), String> {
    let Some(members) = settings.as_object_mut() else {
        return Ok(());
    };
    for (member, given) in request {
        let Some(kept) = members.get_mut(&member) else {
            continue;
        };
        if !fits(&member, kept, &given) {
            return Err(member);
        }
        match given {
            Value::Null => {}
            // Metadata belong to the client; they are replaced as a whole.
            Value::Object(given) if kept.is_object() && member != "metadata" => merge(kept, given)?,
            given => *kept = given,
        }
    }
    Ok(())
}

fn fits(member: &str, kept: &Value, given: &Value) -> bool {
    if given.is_null() {
        return true;
    }
    let mechanism = |value: &Value| value.as_str().is_some_and(|it| MECHANISMS.contains(&it));
    match member {
        "metadata" => given.is_object(),
        "authentication_mechanisms" | "second_factor_authentication_mechanisms" => {
            given.as_array().is_some_and(|list| list.iter().all(mechanism))
        }
        "preferred_authentication_mechanism" | "second_factor_preferred_authentication_mechanism" => {
            mechanism(given) || given == ""
        }
        "strength" => ["any", "weak", "fair", "strong", "very_strong"]
            .iter()
            .any(|it| given == it),
        "hashing_method" => ["bcrypt", "pbkdf2", "argon2", "sha"].iter().any(|it| given == it),
        _ => std::mem::discriminant(kept) == std::mem::discriminant(given),
    }
}
