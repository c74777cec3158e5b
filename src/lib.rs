//! Switches a biller over to SecureAuth Connect: an Azure Functions custom handler.
//!
//! docs/ARCHITECTURE.md#map says what each module is for and what it may import.

pub mod boot;
pub mod cli;
pub mod clock;
pub mod domain;
pub mod functions;
pub mod saga;
pub mod settings;
pub mod store;
pub mod telemetry;
