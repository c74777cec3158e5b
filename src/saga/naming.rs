//! Ids, idempotency keys and markers of what a run creates: derived, never random (docs/ARCHITECTURE.md#ids).

use time::OffsetDateTime;
use uuid::Uuid;

use super::Dependencies;
use super::kept_settings::KeptSettings;
use super::run_context::RunContext;
use super::step_error::StepError;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::reason::Reason;
use ic_secureauth_api::{DerivedIds, IdempotencyKey, Marker, OrganizationId};

/// The namespace of every derived id. It must never change: later runs would not find what earlier ones created.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f1d_3c52_6f0e_5c1b_9a57_2f0b_7f6e_41c3);

/// The value of [`Marker::created_by`].
const CREATED_BY: &str = "biller-onboarding";

/// The biller whose ids, names and payloads are derived, for a run or for a preview.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) dependencies: &'a Dependencies,
    pub(super) settings: &'a KeptSettings,
    pub(super) biller_id: &'a BillerId,
    pub(super) biller_name: Option<&'a str>,
    /// Part of every derived id.
    pub(super) generation: u32,
}

impl Subject<'_> {
    /// The stored organization's id, else `ORGANIZATION_ID_PREFIX` and the biller id (docs/requirements.md#o1).
    pub(super) fn organization_id(&self, stored: Option<String>) -> Result<OrganizationId, StepError> {
        let id = stored.unwrap_or_else(|| {
            let prefix = &self.settings.onboarding.organization_id_prefix;
            format!("{prefix}{}", self.biller_id)
        });
        OrganizationId::parse(id).map_err(|_| StepError::permanent(Reason::SecureauthRefused))
    }

    /// The ids of pool, users, identifiers and addresses.
    pub(super) fn derived_ids(&self) -> DerivedIds {
        let biller = self.biller_id.as_ref();
        DerivedIds::new(NAMESPACE, &self.dependencies.tenant_id, biller, self.generation)
    }

    /// The marker of what `run` creates: one of the two proofs of ownership (docs/ARCHITECTURE.md#ownership).
    pub(super) fn marker(&self, run: OnboardingId, created_at: OffsetDateTime) -> Marker {
        Marker {
            onboarding_id: run.to_string(),
            owner_id: self.biller_id.to_string(),
            created_by: CREATED_BY.to_owned(),
            created_at: Some(created_at),
        }
    }
}

impl RunContext<'_> {
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            dependencies: self.dependencies(),
            settings: &self.kept,
            biller_id: &self.run.biller_id,
            biller_name: self.run.biller_name.as_deref(),
            generation: self.run.generation,
        }
    }

    /// See [`Subject::organization_id`].
    pub(super) async fn organization_id(&self) -> Result<OrganizationId, StepError> {
        let stored = self.store().biller(&self.run.biller_id, 0).await?;
        self.subject()
            .organization_id(stored.and_then(|view| view.biller.organization_id))
    }

    /// The same key for all attempts of one intent; the next intent, which reads first, has another one
    /// (docs/decisions.md#keys-expire).
    pub(super) fn idempotency_key(&self, step: &str) -> IdempotencyKey {
        IdempotencyKey::derive(&self.run.id.to_string(), step, u64::from(self.journal.intents))
    }

    /// See [`Subject::marker`].
    pub(super) fn marker(&self) -> Marker {
        self.subject().marker(self.run.id, self.run.created_at)
    }
}
