//! First and second factors by the names of the API.

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

/// A first or second factor (the enum of SYS `Org.authentication_mechanisms` and IDS `AuthenticationMechanisms`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
#[serde(into = "&'static str")]
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
    /// One-time password by a phone call.
    VoiceOtp,
    /// Passkey or security key.
    Webauthn,
    /// Passkey that also says who signs in.
    UsernamelessWebauthn,
    /// Confirmation in the SecureAuth Authenticate app.
    Push,
    /// A symbol to pick in the app.
    Symbol,
    /// A QR code to scan with the app.
    QrCode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mechanisms_are_sent_by_the_names_of_the_api() {
        let names = [
            "totp",
            "password",
            "otp",
            "email_otp",
            "sms_otp",
            "voice_otp",
            "webauthn",
            "usernameless_webauthn",
            "push",
            "symbol",
            "qr_code",
        ];
        assert_eq!(Mechanism::VARIANTS, names);
        assert_eq!(serde_json::to_value(Mechanism::QrCode).unwrap(), "qr_code");
    }
}
