//! First and second factors by their names in SecureAuth, which knows more of them than the settings do.

use serde::{Deserialize, Serialize};

/// What a pool asks of people who sign in (docs/reference/secureauth-api.md#sign-in).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factors {
    /// First factors; one of them is enough.
    pub first: Vec<String>,
    /// Second factors; none: people sign in without one.
    pub second: Vec<String>,
    /// Whoever has no second factor may skip that step.
    pub allow_skip_2fa: bool,
}

impl Factors {
    /// First and second factors that an organization with this list does not allow, each once.
    pub fn missing_in(&self, allowed: &[String]) -> Vec<String> {
        let mut missing: Vec<String> = Vec::new();
        for name in self.first.iter().chain(&self.second) {
            if !allowed.contains(name) && !missing.contains(name) {
                missing.push(name.clone());
            }
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_missing_is_named_once_and_in_the_order_of_the_pool() {
        let factors = Factors {
            first: names(&["totp", "password", "email_otp"]),
            second: names(&["sms_otp", "email_otp"]),
            allow_skip_2fa: true,
        };
        assert_eq!(
            factors.missing_in(&names(&["password"])),
            names(&["totp", "email_otp", "sms_otp"])
        );
        assert_eq!(
            factors.missing_in(&names(&["totp", "password", "email_otp", "sms_otp"])),
            names(&[])
        );
    }
}
