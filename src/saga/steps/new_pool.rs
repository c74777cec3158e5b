//! The request for a new pool (docs/requirements.md#u4).

use super::super::naming::Subject;
use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::ensure_pool::organization_of;
use crate::domain::reason::Reason;
use crate::settings::{self, OnboardingSettings};
use ic_secureauth_api::{Marker, Mechanism, NewPool, OrganizationId, SchemaId};

pub(super) fn of(context: &RunContext<'_>) -> Result<NewPool, StepError> {
    below(context.subject(), organization_of(context)?, context.marker())
}

/// The pool that a biller's organization would get; also what a found pool is compared with.
pub(in super::super) fn below(
    subject: Subject<'_>,
    organization: OrganizationId,
    marker: Marker,
) -> Result<NewPool, StepError> {
    let settings = &subject.settings.onboarding;
    let refused = || StepError::permanent(Reason::SecureauthRefused);
    let second_factor_mechanisms = mechanisms(&settings.second_factor_mechanisms);
    Ok(NewPool {
        id: subject.derived_ids().pool_id(),
        name: settings.pool_name.of(subject.biller_id.as_ref()),
        description: subject.biller_name.unwrap_or_default().to_owned(),
        workspace_id: organization,
        payload_schema_id: SchemaId::parse(&subject.settings.payload_schema_id).map_err(|_| refused())?,
        metadata_schema_id: None,
        identifier_case_insensitive: settings.identifier_case_insensitive,
        authentication_mechanisms: mechanisms(&settings.authentication_mechanisms),
        preferred_authentication_mechanism: mechanism(settings.preferred_authentication_mechanism),
        second_factor_preferred: second_factor_mechanisms.first().copied(),
        second_factor_mechanisms,
        allow_skip_2fa: settings.allow_skip_2fa,
        marker,
    })
}

/// What a new organization allows: the first and second factors of its pool, each once.
pub(super) fn factors(settings: &OnboardingSettings) -> Vec<Mechanism> {
    let mut factors = mechanisms(&settings.authentication_mechanisms);
    for second in mechanisms(&settings.second_factor_mechanisms) {
        if !factors.contains(&second) {
            factors.push(second);
        }
    }
    factors
}

fn mechanisms(configured: &[settings::onboarding::Mechanism]) -> Vec<Mechanism> {
    configured.iter().copied().map(mechanism).collect()
}

/// The client's own type for a configured factor.
fn mechanism(configured: settings::onboarding::Mechanism) -> Mechanism {
    use settings::onboarding::Mechanism as Configured;
    match configured {
        Configured::Totp => Mechanism::Totp,
        Configured::Password => Mechanism::Password,
        Configured::Otp => Mechanism::Otp,
        Configured::EmailOtp => Mechanism::EmailOtp,
        Configured::SmsOtp => Mechanism::SmsOtp,
        Configured::VoiceOtp => Mechanism::VoiceOtp,
        Configured::Webauthn => Mechanism::Webauthn,
        Configured::UsernamelessWebauthn => Mechanism::UsernamelessWebauthn,
        Configured::Push => Mechanism::Push,
        Configured::Symbol => Mechanism::Symbol,
        Configured::QrCode => Mechanism::QrCode,
    }
}
