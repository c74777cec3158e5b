//! `doctor`: checks what every run relies on, whatever the biller. Writes nothing.

mod report;
mod secureauth;
mod sign_in;

use self::report::Report;
pub(super) use self::report::things_to_do;
use crate::boot::Boot;
use crate::functions::NotReady;
use crate::settings::Settings;
use ic_secureauth_api::CallContext;

/// The scopes that only this command uses; both are optional.
const MORE_SCOPES: [&str; 2] = ["manage_servers", "view_clients"];

/// The report, and whether something has to be done.
pub(super) async fn run(boot: &Boot, settings: &Settings) -> Result<(String, bool), NotReady> {
    let (client, payload_schema_id) = boot.client(&MORE_SCOPES).await?;
    let api = client.call(CallContext::default()).read_only();
    let mut report = Report::default();
    if let Some(granted) = secureauth::token(&api, &mut report).await {
        secureauth::scopes(&granted, &mut report);
        if secureauth::is_usable(&granted, &mut report) {
            secureauth::parent(&api, &granted, &settings.onboarding.parent_organization_id, &mut report).await;
            secureauth::schema(&api, &payload_schema_id, &settings.onboarding, &mut report).await;
        }
    }
    sign_in::factors(&settings.onboarding, &mut report);
    sign_in::first(&settings.onboarding, &mut report);
    Ok(report.finish())
}
