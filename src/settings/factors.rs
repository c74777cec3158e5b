//! Findings about factors that nobody could use: SecureAuth stores them without a word (docs/reference/secureauth-api.md#a56).
//!
//! They concern the settings of today only. A run that started with such settings keeps them to its end.

use super::first_sign_in::FirstSignIn;
use super::mechanism::Mechanism;
use super::onboarding::{NeedOfFirstSignIn, OnboardingSettings};
use super::reader::Reader;

const FIRST: &str = "AUTHENTICATION_MECHANISMS";
const SECOND: &str = "SECOND_FACTOR_MECHANISMS";
const ALLOWED_FOR_2FA: &str = "ADDRESS_ALLOWED_FOR_2FA";

/// Reports what does not work, each cause once.
pub(super) fn check(settings: &OnboardingSettings, reader: &mut Reader<'_>) {
    let (first, second) = (&settings.authentication_mechanisms, &settings.second_factor_mechanisms);
    reader.require(!first.iter().copied().all(nobody_has), FIRST, &[], || {
        "a first factor that people can have: no phone numbers are sent to SecureAuth, and nobody has a device there before \
         the first sign-in"
            .to_owned()
    });
    if !second.is_empty() {
        second_factors(settings, reader, first, second);
    }
    let path = settings.first_sign_in();
    let is_fine =
        settings.first_sign_in_need == NeedOfFirstSignIn::None || !matches!(path, FirstSignIn::NotPossible(_));
    reader.require(is_fine, "FIRST_SIGN_IN", &[FIRST, SECOND, ALLOWED_FOR_2FA], || {
        format!("`none`, written out, or other settings: the first sign-in is {path}")
    });
}

/// Before the first sign-in.
fn nobody_has(factor: Mechanism) -> bool {
    factor.needs_phone() || factor.needs_device()
}

fn second_factors(settings: &OnboardingSettings, reader: &mut Reader<'_>, first: &[Mechanism], second: &[Mechanism]) {
    reader.require(!second.iter().all(|factor| factor.needs_phone()), SECOND, &[], || {
        "a second factor that people can have: no phone numbers are sent to SecureAuth".to_owned()
    });
    reader.require(!second.contains(&Mechanism::Password), SECOND, &[], || {
        "factors other than `password`, which SecureAuth does not offer as a second one".to_owned()
    });
    let has_some = settings.allow_skip_2fa || !second.iter().copied().all(nobody_has);
    reader.require(has_some, SECOND, &[], || {
        "a second factor that people can have: nobody has a device in SecureAuth before the first sign-in, and with \
         ALLOW_SKIP_2FA=false nobody can set one up"
            .to_owned()
    });
    let differ = !is_only_way(first, second);
    reader.require(differ, SECOND, &[FIRST], || {
        "a second factor that differs from the only one of AUTHENTICATION_MECHANISMS".to_owned()
    });
    let only_codes = second
        .iter()
        .all(|factor| factor.needs_phone() || factor.is_sent_by_email());
    reader.require(
        settings.addresses.allowed_for_2fa || !only_codes,
        ALLOWED_FOR_2FA,
        &[SECOND],
        || "`true`: codes by e-mail are the only second factor that people can have".to_owned(),
    );
}

/// Whoever has passed the first factor has used up the second one. A code by any channel is one by e-mail here, because
/// no phone numbers are sent.
fn is_only_way(first: &[Mechanism], second: &[Mechanism]) -> bool {
    let usable = |factors: &[Mechanism]| -> Vec<Mechanism> {
        let factors = factors.iter().filter(|factor| !factor.needs_phone());
        let mut factors: Vec<Mechanism> = factors
            .map(|factor| match factor {
                Mechanism::Otp => Mechanism::EmailOtp,
                other => *other,
            })
            .collect();
        factors.dedup();
        factors
    };
    let (first, second) = (usable(first), usable(second));
    first.len() == 1 && first == second
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Environment, onboarding};

    /// The findings over these variables; those that are not named have their defaults.
    fn findings(pairs: &[(&str, &str)]) -> String {
        let environment = Environment::of(pairs.iter().copied());
        let settings = onboarding::of_variables(&environment).unwrap();
        let mut reader = Reader::new(&environment);
        check(&settings, &mut reader);
        reader.finish().0.to_string()
    }

    fn only_first(factor: &'static str) -> [(&'static str, &'static str); 2] {
        [
            ("AUTHENTICATION_MECHANISMS", factor),
            ("PREFERRED_AUTHENTICATION_MECHANISM", factor),
        ]
    }

    fn is_about(found: &str, variable: &str, about: &str) {
        assert_eq!(found.lines().count(), 1, "{found}");
        assert!(found.starts_with(&format!("{variable}: expected ")), "{found}");
        assert!(found.contains(about), "{found}");
    }

    #[test]
    fn the_defaults_work_with_and_without_a_second_factor() {
        for second in ["none", "totp, webauthn", "email_otp", "totp, sms_otp", "push"] {
            assert_eq!(findings(&[("SECOND_FACTOR_MECHANISMS", second)]), "", "{second}");
        }
    }

    #[test]
    fn first_factors_that_need_a_phone_or_a_device_are_a_finding() {
        for factor in ["sms_otp", "voice_otp", "push", "symbol", "qr_code"] {
            let found = findings(&[only_first(factor).as_slice(), &[("SECOND_FACTOR_MECHANISMS", "none")]].concat());
            is_about(&found, FIRST, "no phone numbers");
        }
    }

    #[test]
    fn second_factors_that_need_a_phone_are_a_finding() {
        for factors in ["sms_otp", "voice_otp", "sms_otp, voice_otp"] {
            is_about(
                &findings(&[("SECOND_FACTOR_MECHANISMS", factors)]),
                SECOND,
                "no phone numbers",
            );
        }
    }

    #[test]
    fn second_factors_that_need_a_device_are_a_finding_where_nobody_may_skip_them() {
        for factors in ["push", "symbol", "qr_code", "push, sms_otp"] {
            let second = ("SECOND_FACTOR_MECHANISMS", factors);
            is_about(&findings(&[second, ("ALLOW_SKIP_2FA", "false")]), SECOND, "device");
        }
    }

    #[test]
    fn the_only_second_factor_differs_from_the_only_first_one() {
        for (first, second) in [
            ("totp", "totp, voice_otp"),
            ("email_otp", "otp"),
            ("otp", "email_otp, sms_otp"),
        ] {
            let second = ("SECOND_FACTOR_MECHANISMS", second);
            let more = [second, ("ADDRESS_VERIFIED", "true"), ("FIRST_SIGN_IN", "none")];
            let found = findings(&[only_first(first).as_slice(), &more].concat());
            is_about(&found, SECOND, "differs from the only one");
        }
        let two = [
            ("SECOND_FACTOR_MECHANISMS", "email_otp, totp"),
            ("ADDRESS_VERIFIED", "true"),
        ];
        assert_eq!(findings(&[only_first("email_otp").as_slice(), &two].concat()), "");
    }

    #[test]
    fn a_password_is_no_second_factor() {
        for factors in ["password", "totp, password"] {
            let found = findings(&[("SECOND_FACTOR_MECHANISMS", factors)]);
            is_about(&found, SECOND, "other than `password`");
        }
    }

    #[test]
    fn codes_by_e_mail_as_the_only_second_factor_need_addresses_that_are_allowed_for_it() {
        let not_allowed = ("ADDRESS_ALLOWED_FOR_2FA", "false");
        for factors in ["email_otp", "otp, sms_otp"] {
            let found = findings(&[("SECOND_FACTOR_MECHANISMS", factors), not_allowed]);
            is_about(&found, ALLOWED_FOR_2FA, "`true`");
        }
        let two = ("SECOND_FACTOR_MECHANISMS", "email_otp, totp");
        assert_eq!(findings(&[two, not_allowed]), "");
    }

    #[test]
    fn a_first_sign_in_that_is_not_possible_is_a_finding_unless_none_is_written_out() {
        let settings = [
            only_first("webauthn").as_slice(),
            &[("SECOND_FACTOR_MECHANISMS", "none")],
        ]
        .concat();
        is_about(&findings(&settings), "FIRST_SIGN_IN", "not possible, because");
        let written_out = [settings.as_slice(), &[("FIRST_SIGN_IN", "none")]].concat();
        assert_eq!(findings(&written_out), "");
    }
}
