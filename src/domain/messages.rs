//! The sentences people read (T3, F1, F2). Details go to logs and operators, never into these.

/// T3: while an enable or sync run is under way.
pub const ENABLING: &str = "Enabling CIAM will initiate the creation of your organization and all its associated users in SecureAuth. Please wait while the setup completes.";
/// F1.
pub const ENABLED: &str = "Organization and users successfully created in SecureAuth.";
/// F2.
pub const NOT_ENABLED: &str = "An error occurred during Organization or user creation. Please contact support.";
/// While a disable run is under way.
pub const DISABLING: &str = "CIAM is being disabled.";
/// After a disable run.
pub const DISABLED: &str = "CIAM has been disabled.";
/// After a disable run that failed.
pub const NOT_DISABLED: &str = "CIAM could not be disabled. Please contact support.";
/// A biller nothing was ever asked for.
pub const NEVER_ENABLED: &str = "CIAM is not enabled.";
/// A wish that is already true, or a Wizard submission without the checkbox (T1).
pub const NOTHING_TO_DO: &str = "There is nothing to do.";
/// Where a person tries again after a failed Wizard run.
pub const RETRY_FROM: &str = "Product > CIAM";
