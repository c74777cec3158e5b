//! First and second factors by the names of the API.

use serde::{Deserialize, Serialize};

/// A first or second factor (the enum of SYS `Org.authentication_mechanisms` and IDS `AuthenticationMechanisms`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

impl Mechanism {
    /// Every mechanism, in the order of the spec.
    pub const ALL: [Self; 6] = [
        Self::Totp,
        Self::Password,
        Self::Otp,
        Self::EmailOtp,
        Self::SmsOtp,
        Self::Webauthn,
    ];

    /// The text in JSON and in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Password => "password",
            Self::Otp => "otp",
            Self::EmailOtp => "email_otp",
            Self::SmsOtp => "sms_otp",
            Self::Webauthn => "webauthn",
        }
    }

    /// Reads the text back; `None` when this client does not know it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mechanism_has_one_name_in_json_and_in_settings() {
        for mechanism in Mechanism::ALL {
            let json = serde_json::to_value(mechanism).unwrap();
            assert_eq!(json, mechanism.as_str());
            assert_eq!(Mechanism::parse(mechanism.as_str()), Some(mechanism));
        }
        assert_eq!(Mechanism::parse("none"), None);
    }
}
