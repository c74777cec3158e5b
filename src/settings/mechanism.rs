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

impl Mechanism {
    /// Needs a phone number, which the handler never sends.
    pub fn needs_phone(self) -> bool {
        matches!(self, Self::SmsOtp | Self::VoiceOtp)
    }

    /// Needs the vendor's app on a device, which nobody has paired before the first sign-in.
    pub fn needs_device(self) -> bool {
        matches!(self, Self::Push | Self::Symbol | Self::QrCode)
    }

    /// A code that goes to the e-mail address.
    pub(super) fn is_sent_by_email(self) -> bool {
        matches!(self, Self::EmailOtp | Self::Otp)
    }
}
