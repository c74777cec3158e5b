//! How people sign in for the first time, as a function of the settings. They come without a credential
//! (docs/requirements.md#u3), so there has to be a way to get one (docs/reference/secureauth-api.md#sign-in-first-time).

use std::fmt;

use super::mechanism::Mechanism;
use super::onboarding::{ActiveUserStatus, OnboardingSettings};
use crate::domain::factors::Factors;

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
    /// The factors of a new pool.
    pub fn factors(&self) -> Factors {
        let names = |factors: &[Mechanism]| factors.iter().map(ToString::to_string).collect();
        Factors {
            first: names(&self.authentication_mechanisms),
            second: names(&self.second_factor_mechanisms),
            allow_skip_2fa: self.allow_skip_2fa,
        }
    }

    /// How people sign in for the first time in a new pool, in an organization that allows its factors.
    pub fn first_sign_in(&self) -> FirstSignIn {
        self.first_sign_in_with(&self.factors(), None)
    }

    /// The same in a pool with these factors, in an organization that allows these names; `None`: all.
    pub fn first_sign_in_with(&self, factors: &Factors, allowed: Option<&[String]>) -> FirstSignIn {
        // Nobody has a factor that this program does not know.
        let usable = |names: &[String]| -> Vec<Mechanism> {
            let is_allowed = |name: &&String| allowed.is_none_or(|allowed| allowed.contains(name));
            names
                .iter()
                .filter(is_allowed)
                .filter_map(|name| name.parse().ok())
                .collect()
        };
        let first = usable(&factors.first);
        let passes_second = factors.second.is_empty() || factors.allow_skip_2fa;
        match self.way_in(&first) {
            Ok(path) if passes_second || self.has_second_factor(path, &first, &usable(&factors.second)) => path,
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

    /// A code is a second factor only for somebody whose first one is a password. That an address has to be verified for the
    /// second factor as well is assumed (docs/reference/secureauth-api.md#a57).
    fn has_second_factor(&self, path: FirstSignIn, first: &[Mechanism], second: &[Mechanism]) -> bool {
        let is_verified = self.addresses.verified || path == FirstSignIn::Activation;
        let gets_codes = self.addresses.allowed_for_2fa && is_verified && first.contains(&Mechanism::Password);
        gets_codes && second.iter().any(|factor| factor.is_sent_by_email())
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
            Self::NoSecondFactor => "nobody has a second factor yet, and the pool lets nobody skip it (ALLOW_SKIP_2FA)",
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
        for more in [verified, ("ACTIVE_USER_STATUS", "new")] {
            let code_first = [CODES_ONLY.as_slice(), &[more]].concat();
            assert_eq!(second("email_otp, totp", &code_first), nobody, "{more:?}");
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn where_it_allows(allowed: &[&str], pairs: &[(&str, &str)]) -> FirstSignIn {
        let settings = settings(pairs);
        settings.first_sign_in_with(&settings.factors(), Some(&names(allowed)))
    }

    #[test]
    fn what_the_organization_does_not_allow_does_not_count() {
        assert_eq!(where_it_allows(&["totp", "password"], &[]), RESET);
        assert_eq!(
            where_it_allows(&["email_otp"], &[]),
            FirstSignIn::NotPossible(Obstacle::AddressNotVerified)
        );
        let codes_second = [
            ("SECOND_FACTOR_MECHANISMS", "email_otp"),
            ("ALLOW_SKIP_2FA", "false"),
            ("ACTIVE_USER_STATUS", "new"),
        ];
        let with_password = ["password", "email_otp"];
        assert_eq!(where_it_allows(&with_password, &codes_second), FirstSignIn::Activation);
        assert_eq!(
            where_it_allows(&["email_otp"], &codes_second),
            FirstSignIn::NotPossible(Obstacle::NoSecondFactor)
        );
    }

    #[test]
    fn the_factors_of_a_pool_that_exists_count_and_not_those_of_the_settings() {
        let pool = |first: &[&str], second: &[&str], allow_skip_2fa| Factors {
            first: names(first),
            second: names(second),
            allow_skip_2fa,
        };
        let settings = settings(&[]);
        let in_pool = |pool: &Factors| settings.first_sign_in_with(pool, None);
        assert_eq!(in_pool(&pool(&["password"], &["totp"], true)), RESET);
        assert_eq!(
            in_pool(&pool(&["password"], &["totp"], false)),
            FirstSignIn::NotPossible(Obstacle::NoSecondFactor)
        );
        assert_eq!(
            in_pool(&pool(&["webauthn", "invented"], &[], true)),
            FirstSignIn::NotPossible(Obstacle::NothingToBeginWith)
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
