//! The sentences people read. Details go to logs and operators, never into these.

/// During an enable or sync run; word for word from docs/requirements.md#t3.
pub const ENABLING: &str = "Enabling CIAM will initiate the creation of your organization and all its associated users in SecureAuth. Please wait while the setup completes.";
/// After a successful enable or sync run; word for word from docs/requirements.md#f1.
pub const ENABLED: &str = "Organization and users successfully created in SecureAuth.";
/// After a failed enable or sync run; word for word from docs/requirements.md#f2.
pub const NOT_ENABLED: &str = "An error occurred during Organization or user creation. Please contact support.";
/// During a disable run.
pub const DISABLING: &str = "CIAM is being disabled.";
/// After a disable run.
pub const DISABLED: &str = "CIAM has been disabled.";
/// After a disable run that failed.
pub const NOT_DISABLED: &str = "CIAM could not be disabled. Please contact support.";
/// For a biller that was never enabled.
pub const NEVER_ENABLED: &str = "CIAM is not enabled.";
/// For a toggle event that asks for what is so already, or a Wizard submission without its checkbox.
pub const NOTHING_TO_DO: &str = "There is nothing to do.";
/// The CRM page where a person tries again after a failed Wizard run.
pub const RETRY_FROM: &str = "Product > CIAM";
