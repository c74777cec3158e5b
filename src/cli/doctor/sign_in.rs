//! Factors and first sign-in, as the settings have them. What cannot work is a finding of the settings.

use super::report::Report;
use crate::settings::onboarding::Mechanism;
use crate::settings::{FirstSignIn, OnboardingSettings};

pub(super) fn factors(settings: &OnboardingSettings, report: &mut Report) {
    let first = names(&settings.authentication_mechanisms);
    if settings.second_factor_mechanisms.is_empty() {
        report.note("factors", format!("first {first}; no second one, so there is no MFA"));
        return;
    }
    let second = names(&settings.second_factor_mechanisms);
    let skip = if settings.allow_skip_2fa {
        "may be skipped by those who have none yet"
    } else {
        "may not be skipped"
    };
    report.ok("factors", format!("first {first}; second {second}, which {skip}"));
}

pub(super) fn first(settings: &OnboardingSettings, report: &mut Report) {
    match settings.first_sign_in() {
        path @ FirstSignIn::NotPossible(_) => report.note("first sign-in", format!("{path} (FIRST_SIGN_IN=none)")),
        path => report.ok("first sign-in", path),
    }
}

fn names(factors: &[Mechanism]) -> String {
    let names: Vec<String> = factors.iter().map(ToString::to_string).collect();
    names.join(", ")
}
