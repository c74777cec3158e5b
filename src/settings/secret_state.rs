//! Whether a secret of Key Vault is in force (docs/decisions.md#secrets-out-of-force).

use azure_core::error::ErrorKind;
use azure_core::http::StatusCode;
use azure_security_keyvault_secrets::models::SecretAttributes;
use time::OffsetDateTime;

const DISABLED: &str = "disabled";
const EXPIRED: &str = "expired";
const NOT_VALID_YET: &str = "not valid yet";

/// The vault returns a secret outside its dates all the same.
pub(super) fn out_of_force(attributes: &SecretAttributes, now: OffsetDateTime) -> Option<&'static str> {
    if attributes.enabled == Some(false) {
        Some(DISABLED)
    } else if attributes.expires.is_some_and(|end| end <= now) {
        Some(EXPIRED)
    } else if attributes.not_before.is_some_and(|start| start > now) {
        Some(NOT_VALID_YET)
    } else {
        None
    }
}

/// Why the vault refuses a secret that the identity may read (docs/reference/key-vault.md#secrets).
pub(super) fn refused_state(error: &ErrorKind) -> Option<&'static str> {
    match inner_code(error)?.as_str() {
        "SecretDisabled" => Some(DISABLED),
        "SecretExpired" => Some(EXPIRED),
        "SecretNotYetValid" => Some(NOT_VALID_YET),
        _ => None,
    }
}

/// What a 401 or 403 asks for (docs/reference/key-vault.md#secrets).
pub(super) fn remedy(error: &ErrorKind, status: StatusCode) -> &'static str {
    if status == StatusCode::Unauthorized {
        return "the vault does not accept the identity's token: identity and vault have to be of the same tenant";
    }
    match inner_code(error).as_deref() {
        Some("ForbiddenByFirewall" | "ForbiddenByConnection") => "the vault's network rules do not let this app in",
        _ => {
            "the identity needs the role `Key Vault Secrets User`, or the right to get secrets where the vault has access policies"
        }
    }
}

fn inner_code(error: &ErrorKind) -> Option<String> {
    let ErrorKind::HttpResponse {
        raw_response: Some(response),
        ..
    } = error
    else {
        return None;
    };
    let body: serde_json::Value = response.body().json().ok()?;
    Some(body.pointer("/error/innererror/code")?.as_str()?.to_owned())
}
