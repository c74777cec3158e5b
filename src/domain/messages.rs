//! The sentences people read. Details go to logs and operators, never into these.

/// During an enable or sync run; word for word from docs/requirements.md#t3.
pub const ENABLING: &str = "Enabling CIAM will initiate the creation of your organization and all its associated users in SecureAuth. Please wait while the setup completes.";
/// After a successful enable or sync run; word for word from docs/requirements.md#f1.
pub const ENABLED: &str = "Organization and users successfully created in SecureAuth.";
/// While an enable run rolls back, and after it failed; word for word from docs/requirements.md#f2.
pub const NOT_ENABLED: &str = "An error occurred during Organization or user creation. Please contact support.";
/// While a sync run rolls back, and after it failed: the biller stays active.
pub const NOT_SYNCED: &str = "Some users could not be updated in SecureAuth. Please contact support.";
/// During a disable run.
pub const DISABLING: &str = "CIAM is being disabled.";
/// After a disable run.
pub const DISABLED: &str = "CIAM has been disabled.";
/// While a disable run rolls back, and after it failed.
pub const NOT_DISABLED: &str = "CIAM could not be disabled. Please contact support.";
/// For a biller that was never enabled.
pub const NEVER_ENABLED: &str = "CIAM is not enabled.";
/// For a toggle event that asks for what is so already, or a Wizard submission without its checkbox.
pub const NOTHING_TO_DO: &str = "There is nothing to do.";
/// For a toggle event whose opposite is under way.
pub const OPPOSITE_UNDER_WAY: &str =
    "CIAM is being switched the other way at the moment. Please wait until that is done, then try again.";
/// For a toggle event while the biller's run is rolling back.
pub const ROLLING_BACK: &str =
    "The last change of CIAM failed and is being reversed. Please wait until that is done, then try again.";
/// For a toggle event while the biller's run is stuck.
pub const STUCK: &str = "The last change of CIAM could not be completed. Please contact support.";
/// For a toggle event whose id was used before for something else.
pub const EVENT_ID_REUSED: &str = "The request could not be accepted. Please contact support.";
/// For a Yes for a biller without a name.
pub const WITHOUT_NAME: &str = "The biller has no name. Please enter its name, then try again.";
/// For a Yes for a biller whose name has a data error.
pub const NAME_INVALID: &str = "The biller's name cannot be used. Please correct it, then try again.";
/// The CRM page where a person tries again after a failed Wizard run.
pub const RETRY_FROM: &str = "Product > CIAM";
