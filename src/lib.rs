//! Switches a biller over to SecureAuth Connect: an Azure Functions custom handler.
//!
//! Imports point one way: `functions → onboarding → {ic_secureauth_api, store} → domain`.

pub mod boot;
pub mod cli;
pub mod domain;
pub mod functions;
pub mod onboarding;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod world;
