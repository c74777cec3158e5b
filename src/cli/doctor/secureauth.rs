//! What SecureAuth grants and has.

use super::super::plan::unchecked_parts;
use super::report::Report;
use crate::domain::reason::Reason;
use crate::saga::preview;
use crate::settings::OnboardingSettings;
use ic_secureauth_api::{ApiError, Class, Operation, OrganizationId, REQUIRED_SCOPES, ReadOnlyApi};

const GRANT: &str = "grant it to the client in the System workspace";

/// Scopes and what they are for.
const USE_OF: [(&str, &str); 7] = [
    ("manage_configuration", "for organizations and imports"),
    ("identity", "for pools and users"),
    ("revoke_tokens", "for ending the sessions of people who lost access"),
    ("manage_idps", "for checking the identity provider of a pool"),
    (
        "read_configuration",
        "for checking the identity provider of a pool without manage_idps",
    ),
    ("manage_servers", "for checking the parent here"),
    ("view_clients", "for checking the application of the parent here"),
];

/// The scopes that are granted; `None` where the token endpoint does not say.
pub(super) async fn token(api: &ReadOnlyApi, report: &mut Report) -> Option<Vec<String>> {
    match granted(api).await {
        Ok(granted) => {
            report.ok("token", "granted");
            Some(granted)
        }
        Err(error) => {
            report.finding("token", why_none(&error));
            None
        }
    }
}

/// Those of the token, or, where a required one is missing, those that are granted one by one.
async fn granted(api: &ReadOnlyApi) -> Result<Vec<String>, ApiError> {
    match api.granted_scopes().await {
        Err(error) if error.missing_scope().is_some() => {
            let mut granted = Vec::new();
            for (scope, _) in USE_OF {
                if api.grants_scope(scope).await? {
                    granted.push(scope.to_owned());
                }
            }
            Ok(granted)
        }
        outcome => outcome,
    }
}

/// A token with these scopes is used; otherwise says that nothing else can be checked.
pub(super) fn is_usable(granted: &[String], report: &mut Report) -> bool {
    let has = |scope: &str| granted.iter().any(|granted| granted == scope);
    let missing: Vec<&str> = REQUIRED_SCOPES.iter().copied().filter(|scope| !has(scope)).collect();
    if missing.is_empty() {
        return true;
    }
    for label in ["parent", "application", "schema"] {
        report.note(label, format!("not checked without {}", missing.join(" and ")));
    }
    false
}

fn why_none(error: &ApiError) -> String {
    if error.class() == Class::Reauthenticate || error.is_token_refused() {
        let answer = error.status().unwrap_or_default();
        format!(
            "client id and secret are refused ({answer}): correct SECUREAUTH_CLIENT_ID and SECUREAUTH_CLIENT_SECRET, or \
             SECUREAUTH_AUTH_METHOD"
        )
    } else if error.is_tenant_unknown() {
        "there is no such tenant at this address: correct SECUREAUTH_TENANT_ID, SECUREAUTH_REGION or SECUREAUTH_BASE_URL"
            .to_owned()
    } else {
        format!("there is none: {}; check the address and the network", error.kind())
    }
}

/// One line for each scope.
pub(super) fn scopes(granted: &[String], report: &mut Report) {
    let has = |scope: &str| granted.iter().any(|granted| granted == scope);
    for (scope, what_for) in USE_OF {
        match scope {
            _ if REQUIRED_SCOPES.contains(&scope) && !has(scope) => report.finding(
                "scope",
                format!("{scope} is not granted: {GRANT}; no run can start without it"),
            ),
            _ if has(scope) => report.ok("scope", format!("{scope} is granted, {what_for}")),
            "revoke_tokens" => report.finding(
                "scope",
                format!("{scope} is not granted, so sessions of people who lost access do not end: {GRANT}"),
            ),
            // Each of the two is enough.
            "manage_idps" | "read_configuration" if has("manage_idps") || has("read_configuration") => {}
            _ => report.note("scope", format!("{scope} is not granted, {what_for}")),
        }
    }
}

/// Whether the parent exists, and whether people have an application there that leads them to a sign-in page.
pub(super) async fn parent(api: &ReadOnlyApi, granted: &[String], id: &str, report: &mut Report) {
    let has = |operation: Operation| {
        granted
            .iter()
            .any(|granted| Some(granted.as_str()) == operation.scope())
    };
    let Ok(parsed) = OrganizationId::parse(id) else {
        report.finding("parent", "PARENT_ORGANIZATION_ID is no id: correct it");
        return;
    };
    let is_there = match api.organization(&parsed).await {
        Ok(Some(_)) => {
            report.ok("parent", format!("{id} is an organization"));
            true
        }
        Ok(None) if has(Operation::ListWorkspaces) => workspace(api, &parsed, report).await,
        Ok(None) => {
            report.note(
                "parent",
                format!("{id} is no organization; without manage_servers nobody knows whether it is another workspace"),
            );
            true
        }
        Err(error) => {
            report.finding("parent", failed(&error));
            false
        }
    };
    if !has(Operation::ListApplications) {
        report.note("application", "not checked, because view_clients is not granted");
    } else if is_there {
        application(api, &parsed, report).await;
    }
}

async fn workspace(api: &ReadOnlyApi, id: &OrganizationId, report: &mut Report) -> bool {
    match api.workspace(id).await {
        Ok(Some(found)) => {
            let kind = found.kind.as_deref().unwrap_or("unknown");
            report.ok("parent", format!("{id} is a workspace of the type {kind}"));
            true
        }
        Ok(None) => {
            report.finding(
                "parent",
                format!("{id} is neither an organization nor a workspace: correct PARENT_ORGANIZATION_ID"),
            );
            false
        }
        Err(error) => {
            report.finding("parent", failed(&error));
            false
        }
    }
}

async fn application(api: &ReadOnlyApi, parent: &OrganizationId, report: &mut Report) {
    match api.application_count(parent).await {
        Ok(Some(0)) => report.finding(
            "application",
            format!(
                "{parent} has none: register one there, or in each organization; people sign in through an application"
            ),
        ),
        Ok(Some(1)) => report.ok("application", format!("{parent} has one")),
        Ok(Some(count)) => report.ok("application", format!("{parent} has {count}")),
        Ok(None) => report.finding(
            "application",
            format!("there is no workspace {parent}: correct PARENT_ORGANIZATION_ID"),
        ),
        Err(error) => report.finding("application", failed(&error)),
    }
}

/// The payload schema, judged as a run would judge it.
pub(super) async fn schema(api: &ReadOnlyApi, id: &str, settings: &OnboardingSettings, report: &mut Report) {
    match preview::payload_schema(api, id, settings).await {
        Ok(outlook) if outlook.checked && !outlook.never_sent.is_empty() => report.finding(
            "schema",
            format!(
                "{id} requires what is never sent, so it fits no user: {}; correct SECUREAUTH_PAYLOAD_SCHEMA_ID or the schema",
                outlook.never_sent.join(", ")
            ),
        ),
        Ok(outlook) if outlook.unchecked.is_empty() => report.ok("schema", format!("{id} exists and can be checked")),
        Ok(outlook) => {
            let what = unchecked_parts(&outlook);
            report.note(
                "schema",
                format!("{id} exists; only SecureAuth can check users against {what}"),
            );
        }
        Err(Reason::PayloadSchemaUnusable) => report.finding(
            "schema",
            format!("{id} does not exist or is no JSON schema: correct SECUREAUTH_PAYLOAD_SCHEMA_ID or the schema"),
        ),
        Err(reason) => report.finding(
            "schema",
            format!("{id} cannot be read ({reason}): repair that and ask again"),
        ),
    }
}

fn failed(error: &ApiError) -> String {
    format!("not checked, because SecureAuth did not answer as expected ({error}): repair that and ask again")
}
