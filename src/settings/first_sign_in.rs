//! How people sign in for the first time, as a function of the settings. They come without a credential
//! (docs/requirements.md#u3), so there has to be a way to get one (docs/reference/secureauth-api.md#sign-in-first-time).

use std::fmt;

use super::mechanism::Mechanism;
use super::onboarding::{ActiveUserStatus, OnboardingSettings};

/// The way in for a person who is active in the CRM and has no credential yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstSignIn {
    /// The person resets the password; with an address that is not verified, the user name has to be given too.
    PasswordReset {
        /// The address finds the user without the user name.
        by_address: bool,
    },
    /// The person signs in with a code that is sent to the address.
    EmailCode,
    /// The person completes the activation.
    Activation,
    /// Nobody gets in.
    NotPossible(Obstacle),
}

/// Why nobody gets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Every first factor would have to be set up by somebody who is signed in.
    NothingToBeginWith,
    /// The only way would be a code, which goes to verified addresses only.
    AddressNotVerified,
    /// A second factor is needed, nobody has one, and nobody may skip it.
    NoSecondFactor,
}

impl OnboardingSettings {
    /// How people sign in for the first time in an organization that allows all configured factors.
    pub fn first_sign_in(&self) -> FirstSignIn {
        self.first_sign_in_without(&[])
    }

    /// The same in an organization that does not allow the factors with these names.
    pub fn first_sign_in_without(&self, lacking: &[String]) -> FirstSignIn {
        let allowed = |factors: &[Mechanism]| -> Vec<Mechanism> {
            let is_allowed = |factor: &Mechanism| !lacking.contains(&factor.to_string());
            factors.iter().copied().filter(is_allowed).collect()
        };
        match self.way_in(&allowed(&self.authentication_mechanisms)) {
            Ok(path) if self.passes_second_factor(path, &allowed(&self.second_factor_mechanisms)) => path,
            Ok(_) => FirstSignIn::NotPossible(Obstacle::NoSecondFactor),
            Err(obstacle) => FirstSignIn::NotPossible(obstacle),
        }
    }

    fn way_in(&self, first: &[Mechanism]) -> Result<FirstSignIn, Obstacle> {
        let has_password = first.contains(&Mechanism::Password);
        let has_code = first.iter().any(|factor| factor.is_sent_by_email());
        if !has_password && !has_code {
            return Err(Obstacle::NothingToBeginWith);
        }
        match self.active_user_status {
            ActiveUserStatus::New => Ok(FirstSignIn::Activation),
            ActiveUserStatus::Active if has_password => Ok(FirstSignIn::PasswordReset {
                by_address: self.addresses.verified,
            }),
            ActiveUserStatus::Active if self.addresses.verified => Ok(FirstSignIn::EmailCode),
            ActiveUserStatus::Active => Err(Obstacle::AddressNotVerified),
        }
    }

    /// A code is no second factor for somebody whose first one is a code. That an address has to be verified for the second
    /// factor as well is assumed (docs/reference/secureauth-api.md#a57).
    fn passes_second_factor(&self, path: FirstSignIn, second: &[Mechanism]) -> bool {
        let is_verified = self.addresses.verified || path == FirstSignIn::Activation;
        let gets_codes = self.addresses.allowed_for_2fa && is_verified && path != FirstSignIn::EmailCode;
        self.second_factor_mechanisms.is_empty()
            || self.allow_skip_2fa
            || (gets_codes && second.iter().any(|factor| factor.is_sent_by_email()))
    }
}

impl FirstSignIn {
    /// Every value of [`Self::path`].
    pub const PATHS: [&str; 4] = ["password_reset", "email_code", "activation", "not_possible"];

    /// One word for programs.
    pub fn path(self) -> &'static str {
        match self {
            Self::PasswordReset { .. } => "password_reset",
            Self::EmailCode => "email_code",
            Self::Activation => "activation",
            Self::NotPossible(_) => "not_possible",
        }
    }
}

impl fmt::Display for FirstSignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PasswordReset { by_address: false } => {
                formatter.write_str("by a password reset, with user name and e-mail address")
            }
            Self::PasswordReset { by_address: true } => {
                formatter.write_str("by a password reset, with the e-mail address")
            }
            Self::EmailCode => formatter.write_str("by a code that is sent to the e-mail address"),
            Self::Activation => {
                formatter.write_str("by activation, with a message that SecureAuth has to be asked for")
            }
            Self::NotPossible(obstacle) => write!(formatter, "not possible, because {obstacle}"),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NothingToBeginWith => {
                "people have no credential, and neither a password, which they could reset, nor an e-mail code is an allowed \
                 first factor"
            }
            Self::AddressNotVerified => "an e-mail code is sent to verified addresses only, and ADDRESS_VERIFIED is `false`",
            Self::NoSecondFactor => "nobody has a second factor yet, and ALLOW_SKIP_2FA is `false`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Environment, onboarding};

    fn of(pairs: &[(&str, &str)]) -> FirstSignIn {
        settings(pairs).first_sign_in()
    }

    fn settings(pairs: &[(&str, &str)]) -> OnboardingSettings {
        let mut variables = vec![("SECOND_FACTOR_MECHANISMS", "none")];
        variables.extend(pairs);
        onboarding::of_variables(&Environment::of(variables)).unwrap()
    }

    const RESET: FirstSignIn = FirstSignIn::PasswordReset { by_address: false };
    const RESET_BY_ADDRESS: FirstSignIn = FirstSignIn::PasswordReset { by_address: true };
    const CODES_ONLY: [(&str, &str); 2] = [
        ("AUTHENTICATION_MECHANISMS", "email_otp"),
        ("PREFERRED_AUTHENTICATION_MECHANISM", "email_otp"),
    ];

    fn with_codes_only(more: &[(&str, &str)]) -> FirstSignIn {
        of(&[CODES_ONLY.as_slice(), more].concat())
    }

    #[test]
    fn by_default_people_reset_a_password_with_user_name_and_address() {
        assert_eq!(of(&[]), RESET);
        assert_eq!(of(&[("SECOND_FACTOR_MECHANISMS", "totp, webauthn")]), RESET);
    }

    #[test]
    fn a_verified_address_is_enough_for_a_reset() {
        assert_eq!(of(&[("ADDRESS_VERIFIED", "true")]), RESET_BY_ADDRESS);
    }

    #[test]
    fn without_a_password_a_code_needs_a_verified_address() {
        assert_eq!(with_codes_only(&[("ADDRESS_VERIFIED", "true")]), FirstSignIn::EmailCode);
        assert_eq!(
            with_codes_only(&[]),
            FirstSignIn::NotPossible(Obstacle::AddressNotVerified)
        );
    }

    #[test]
    fn new_users_activate_themselves_and_sign_in_with_a_password_or_a_code() {
        assert_eq!(of(&[("ACTIVE_USER_STATUS", "new")]), FirstSignIn::Activation);
        assert_eq!(
            with_codes_only(&[("ACTIVE_USER_STATUS", "new")]),
            FirstSignIn::Activation
        );
    }

    #[test]
    fn factors_that_only_somebody_who_is_signed_in_can_set_up_let_nobody_in() {
        for status in ["active", "new"] {
            let set_up_later = [
                ("AUTHENTICATION_MECHANISMS", "totp, webauthn"),
                ("PREFERRED_AUTHENTICATION_MECHANISM", "totp"),
                ("ACTIVE_USER_STATUS", status),
            ];
            assert_eq!(
                of(&set_up_later),
                FirstSignIn::NotPossible(Obstacle::NothingToBeginWith)
            );
        }
    }

    #[test]
    fn whoever_may_not_skip_the_second_factor_needs_codes_to_a_verified_address() {
        let second = |factor, more: &[(&'static str, &'static str)]| {
            let fixed = [("SECOND_FACTOR_MECHANISMS", factor), ("ALLOW_SKIP_2FA", "false")];
            of(&[fixed.as_slice(), more].concat())
        };
        let nobody = FirstSignIn::NotPossible(Obstacle::NoSecondFactor);
        let verified = ("ADDRESS_VERIFIED", "true");
        let not_allowed = ("ADDRESS_ALLOWED_FOR_2FA", "false");
        assert_eq!(second("email_otp", &[verified]), RESET_BY_ADDRESS);
        assert_eq!(second("otp", &[("ACTIVE_USER_STATUS", "new")]), FirstSignIn::Activation);
        assert_eq!(second("email_otp", &[]), nobody);
        assert_eq!(second("totp, webauthn", &[verified]), nobody);
        assert_eq!(second("email_otp, totp", &[verified, not_allowed]), nobody);
        let code_first = [CODES_ONLY.as_slice(), &[verified]].concat();
        assert_eq!(second("email_otp, totp", &code_first), nobody);
    }

    #[test]
    fn what_the_organization_does_not_allow_does_not_count() {
        let without = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            settings(&[]).first_sign_in_without(&names)
        };
        assert_eq!(without(&["webauthn", "email_otp"]), RESET);
        assert_eq!(
            without(&["password"]),
            FirstSignIn::NotPossible(Obstacle::AddressNotVerified)
        );
    }

    #[test]
    fn each_way_has_a_word_and_a_sentence_of_its_own() {
        let all = [
            RESET,
            RESET_BY_ADDRESS,
            FirstSignIn::EmailCode,
            FirstSignIn::Activation,
            FirstSignIn::NotPossible(Obstacle::NothingToBeginWith),
            FirstSignIn::NotPossible(Obstacle::AddressNotVerified),
            FirstSignIn::NotPossible(Obstacle::NoSecondFactor),
        ];
        let said: std::collections::BTreeSet<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), all.len());
        let words: std::collections::BTreeSet<&str> = all.iter().map(|path| path.path()).collect();
        assert_eq!(words, std::collections::BTreeSet::from(FirstSignIn::PATHS));
    }
}
