//! Factors and first sign-in, as the settings have them. What cannot work is a finding of the settings.

use super::report::Report;
use crate::settings::onboarding::Mechanism;
use crate::settings::{FirstSignIn, OnboardingSettings};

pub(super) fn factors(settings: &OnboardingSettings, report: &mut Report) {
    let first = names(&settings.authentication_mechanisms);
    not_for_everybody(settings, report);
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

/// Factors beside others that work: whoever counts on them learns here that imported people do not have them.
fn not_for_everybody(settings: &OnboardingSettings, report: &mut Report) {
    let all = settings
        .authentication_mechanisms
        .iter()
        .chain(&settings.second_factor_mechanisms);
    let (mut phone, mut device) = (Vec::new(), Vec::new());
    for factor in all.copied() {
        let names = if factor.needs_phone() { &mut phone } else { &mut device };
        if (factor.needs_phone() || factor.needs_device()) && !names.contains(&factor) {
            names.push(factor);
        }
    }
    if !phone.is_empty() {
        let which = names(&phone);
        report.note(
            "factors",
            format!("{which}: no phone numbers are sent, so people have to add theirs first"),
        );
    }
    if !device.is_empty() {
        let which = names(&device);
        report.note(
            "factors",
            format!("{which}: people have to pair a device with SecureAuth's app first"),
        );
    }
}

fn names(factors: &[Mechanism]) -> String {
    let names: Vec<String> = factors.iter().map(ToString::to_string).collect();
    names.join(", ")
}
