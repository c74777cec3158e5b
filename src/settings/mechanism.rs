//! `AUTHENTICATION_MECHANISMS`, `PREFERRED_AUTHENTICATION_MECHANISM`, `SECOND_FACTOR_MECHANISMS`.

use strum::{Display, EnumString, VariantNames};

/// A first or second factor (docs/reference/secureauth-api.md#sign-in).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Mechanism {
    /// One-time password from an authenticator app.
    Totp,
    /// A password that the pool's own policy accepts.
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
