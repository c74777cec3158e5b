//! Switches a biller over to SecureAuth Connect: an Azure Functions custom handler.
//!
//! Imports point one way: `functions → onboarding → {ic_secureauth_api, store} → domain`.

pub mod boot;
pub mod cli;
pub mod clock;
pub mod domain;
pub mod functions;
pub mod saga;
pub mod settings;
pub mod store;
pub mod telemetry;
