//! First and second factors by the names of the API.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

/// A first or second factor (the enum of SYS `Org.authentication_mechanisms` and IDS `AuthenticationMechanisms`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// Time-based one-time password from an authenticator app.
    Totp,
    /// A password; the pool's policy decides which are accepted.
    Password,
    /// One-time password by any channel.
    Otp,
    /// One-time password by e-mail.
    EmailOtp,
    /// One-time password by text message.
    SmsOtp,
    /// Passkey or security key.
    Webauthn,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mechanism_has_one_name_in_json_and_in_settings() {
        for name in Mechanism::VARIANTS {
            let mechanism: Mechanism = name.parse().unwrap();
            assert_eq!(serde_json::to_value(mechanism).unwrap(), *name);
        }
        assert!("none".parse::<Mechanism>().is_err());
    }
}
