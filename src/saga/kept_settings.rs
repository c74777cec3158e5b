//! The settings that a run keeps from its start to its end: every setting that enters ids, payloads or markers. A deployment in
//! between does not change them. So the run settles an intent without an outcome with the settings that it wrote the intent
//! with (docs/decisions.md#settings-are-kept).

use sha2::{Digest, Sha256};

use super::Dependencies;
use super::journal_state::KeptState;
use super::run_context::RunContext;
use super::step_error::StepError;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::settings::OnboardingSettings;
use crate::store::StoreError;

/// What a run works with instead of today's settings.
#[derive(Debug)]
pub(super) struct KeptSettings {
    pub(super) payload_schema_id: String,
    pub(super) onboarding: OnboardingSettings,
}

impl KeptSettings {
    /// The settings of the journal, or today's for a run that has not started.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when a newer version wrote values that this one does not know.
    pub(super) fn of(kept: Option<&KeptState>, today: &Dependencies) -> Result<Self, StoreError> {
        let Some(kept) = kept else {
            return Ok(Self {
                payload_schema_id: today.payload_schema_id.clone(),
                onboarding: today.settings.clone(),
            });
        };
        let onboarding = OnboardingSettings::from_variables(&kept.variables).ok_or_else(|| StoreError::Newer {
            what: "the settings of a run".to_owned(),
        })?;
        Ok(Self {
            payload_schema_id: kept.payload_schema_id.clone(),
            onboarding,
        })
    }
}

impl RunContext<'_> {
    /// Writes the settings down before the first step. Afterwards only the tenant may not have changed: in another one, the
    /// run would find nothing of what it created.
    pub(super) async fn keep_settings(&mut self) -> Result<(), StepError> {
        let today = self.dependencies();
        let tenant = fingerprint(&today.tenant_id);
        match &self.journal.kept {
            Some(kept) if kept.tenant == tenant => Ok(()),
            Some(_) if self.journal.touched_secureauth() => Err(StepError::stuck(Reason::TenantChanged)),
            Some(_) => Err(StepError::permanent(Reason::TenantChanged)),
            None => {
                let entry = Entry::SettingsKept {
                    tenant,
                    payload_schema_id: today.payload_schema_id.clone(),
                    variables: today.settings.variables.clone(),
                };
                Ok(self.note(entry).await?)
            }
        }
    }
}

/// Tells tenants apart without writing a tenant's id into the journal.
fn fingerprint(tenant_id: &str) -> String {
    let mut digest = hex::encode(Sha256::digest(tenant_id));
    digest.truncate(16);
    digest
}
