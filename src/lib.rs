//! Switches a biller over to SecureAuth Connect: an Azure Functions custom handler.
//!
//! Imports point one way: `functions → onboarding → {ic_secureauth_api, store} → domain`.

pub mod ic_secureauth_api;
