//! What is created in SecureAuth, and how users' data is checked.
//!
//! Variables: `PARENT_ORGANIZATION_ID`, `ORGANIZATION_ID_PREFIX`, `CREATE_DEACTIVATED`, `POOL_NAME`,
//! `IDENTIFIER_CASE_INSENSITIVE`, `AUTHENTICATION_MECHANISMS`, `PREFERRED_AUTHENTICATION_MECHANISM`,
//! `SECOND_FACTOR_MECHANISMS`, `ALLOW_SKIP_2FA`, `ADDRESS_VERIFIED`, `ADDRESS_ALLOWED_FOR_2FA`, `ACTIVE_USER_STATUS`,
//! `FIRST_SIGN_IN`, `PAYLOAD_FIRST_NAME`, `PAYLOAD_LAST_NAME`, `PAYLOAD_USER_NAME`, `ON_INVALID_USER`,
//! `MAX_SKIPPED_PERCENT`, `LEAVERS`, `MAX_LEAVERS_PERCENT`, `ADOPT_EXISTING_USERS`, `VERIFY`.

use strum::{Display, EnumString, VariantNames};

use std::collections::BTreeMap;

use super::environment::Environment;
use super::forms::{choices, different_values};
pub use super::mechanism::Mechanism;
pub use super::payload_members::PayloadMembers;
use super::pool_name::PoolName;
use super::reader::{Known, Reader};

/// The SecureAuth status of a user who is active in the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ActiveUserStatus {
    /// May sign in; the first sign-in goes through a reset or a one-time password.
    Active,
    /// Has to go through the activation flow first.
    New,
}

/// Whether people have to be able to sign in for the first time by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum NeedOfFirstSignIn {
    /// Settings under which nobody can are a finding.
    Possible,
    /// Somebody else gives people their credentials.
    None,
}

/// What happens to a run when a user has a data error (docs/decisions.md#invalid-users).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OnInvalidUser {
    /// The run fails before anything is written to SecureAuth.
    Fail,
    /// The user is left out and reported.
    Skip,
}

/// What happens to users whose row is `deleted` or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Leavers {
    /// They are set inactive, and their sessions end.
    Deactivate,
    /// They keep access and are reported.
    Keep,
}

/// What happens to users that a found pool held before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingUsers {
    /// They are counted and left alone.
    Link,
    /// They are brought in line with the CRM.
    Adopt,
}

/// How the imported users are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Verify {
    /// By the pool's count, and by their ids if it differs.
    Count,
    /// By their ids, always.
    Full,
}

/// What is said about the e-mail addresses that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// They are verified; then no two users may share one (docs/decisions.md#address-verified).
    pub verified: bool,
    /// Codes for the second factor may go to them.
    pub allowed_for_2fa: bool,
}

/// What is created in SecureAuth, and how users' data is checked.
#[derive(Debug, Clone)]
pub struct OnboardingSettings {
    /// The variables these settings were read from, defaults included: [`OnboardingSettings::from_variables`] reads them
    /// again.
    pub variables: BTreeMap<String, String>,
    /// `parent_id` of every organization (docs/requirements.md#o1).
    pub parent_organization_id: String,
    /// Put before the biller id to make the organization id.
    pub organization_id_prefix: String,
    /// Organizations are created deactivated and go live last (docs/decisions.md#going-live-last).
    pub create_deactivated: bool,
    /// Pattern of the pools' names.
    pub pool_name: PoolName,
    /// Whether "Bob" and "bob" are the same identifier (docs/requirements.md#p1).
    pub identifier_case_insensitive: bool,
    /// First factors (docs/requirements.md#p1).
    pub authentication_mechanisms: Vec<Mechanism>,
    /// The first factor that is offered first; one of `authentication_mechanisms`.
    pub preferred_authentication_mechanism: Mechanism,
    /// Second factors; empty if the setting is `none` (docs/requirements.md#u4).
    pub second_factor_mechanisms: Vec<Mechanism>,
    /// Whoever has set up no second factor may skip that step, and so can set one up (docs/requirements.md#u4).
    pub allow_skip_2fa: bool,
    /// What is said about the e-mail addresses.
    pub addresses: Addresses,
    /// The SecureAuth status of users who are active in the CRM.
    pub active_user_status: ActiveUserStatus,
    /// Whether a first sign-in has to be possible.
    pub first_sign_in_need: NeedOfFirstSignIn,
    /// The names of the payload's members.
    pub payload: PayloadMembers,
    /// What happens to a run when a user has a data error.
    pub on_invalid_user: OnInvalidUser,
    /// With [`OnInvalidUser::Skip`]: the run still fails if more than this percentage of its users is invalid.
    pub max_skipped_percent: u8,
    /// What happens to users whose row is `deleted` or gone.
    pub leavers: Leavers,
    /// A run fails if more than this percentage of the users with access, and more than five, would leave.
    pub max_leavers_percent: u8,
    /// What happens to users that a found pool held before.
    pub existing_users: ExistingUsers,
    /// How the imported users are verified.
    pub verify: Verify,
}

impl OnboardingSettings {
    /// The settings of these variables, whatever the environment says now; `None` if a value is unknown.
    pub fn from_variables(variables: &BTreeMap<String, String>) -> Option<Self> {
        let environment = Environment::of(variables.clone());
        let mut reader = Reader::new(&environment);
        let settings = Self::read(&mut reader);
        settings.filter(|_| reader.finish().0.is_empty())
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let known_before = reader.known().len();
        let parent_organization_id = reader.text(
            "PARENT_ORGANIZATION_ID",
            "an organization or workspace id: letters, digits, `.`, `_`, `-`",
            "invoice-cloud",
            |text| is_id(text, 128),
        );
        let organization_id_prefix = reader.text(
            "ORGANIZATION_ID_PREFIX",
            "at most 32 letters, digits, `.`, `_`, `-`",
            "",
            |text| is_id(text, 32),
        );
        let second_factor_mechanisms = second_factors(reader);
        let settings = Self {
            variables: BTreeMap::new(),
            parent_organization_id,
            organization_id_prefix,
            create_deactivated: reader.flag("CREATE_DEACTIVATED", true),
            pool_name: PoolName::read(reader),
            identifier_case_insensitive: reader.flag("IDENTIFIER_CASE_INSENSITIVE", true),
            authentication_mechanisms: reader.several_of(
                "AUTHENTICATION_MECHANISMS",
                &[
                    Mechanism::Totp,
                    Mechanism::Password,
                    Mechanism::EmailOtp,
                    Mechanism::Webauthn,
                ],
            ),
            preferred_authentication_mechanism: reader
                .one_of("PREFERRED_AUTHENTICATION_MECHANISM", Mechanism::Password),
            second_factor_mechanisms: Vec::new(),
            allow_skip_2fa: reader.flag("ALLOW_SKIP_2FA", true),
            addresses: Addresses {
                verified: reader.flag("ADDRESS_VERIFIED", false),
                allowed_for_2fa: reader.flag("ADDRESS_ALLOWED_FOR_2FA", true),
            },
            active_user_status: reader.one_of("ACTIVE_USER_STATUS", ActiveUserStatus::Active),
            first_sign_in_need: reader.one_of("FIRST_SIGN_IN", NeedOfFirstSignIn::Possible),
            payload: PayloadMembers::read(reader),
            on_invalid_user: reader.one_of("ON_INVALID_USER", OnInvalidUser::Fail),
            max_skipped_percent: reader.number("MAX_SKIPPED_PERCENT", 10, 0..=100),
            leavers: reader.one_of("LEAVERS", Leavers::Deactivate),
            max_leavers_percent: reader.number("MAX_LEAVERS_PERCENT", 10, 0..=100),
            existing_users: if reader.flag("ADOPT_EXISTING_USERS", false) {
                ExistingUsers::Adopt
            } else {
                ExistingUsers::Link
            },
            verify: reader.one_of("VERIFY", Verify::Count),
        };
        reader.require(
            settings
                .authentication_mechanisms
                .contains(&settings.preferred_authentication_mechanism),
            "PREFERRED_AUTHENTICATION_MECHANISM",
            &["AUTHENTICATION_MECHANISMS"],
            || "one of AUTHENTICATION_MECHANISMS".to_owned(),
        );
        Some(Self {
            variables: reader.values_since(known_before),
            second_factor_mechanisms: second_factor_mechanisms?,
            ..settings
        })
    }
}

/// There is no default: having no second factor must be somebody's decision (docs/decisions.md#second-factor-is-explicit).
fn second_factors(reader: &mut Reader<'_>) -> Option<Vec<Mechanism>> {
    let form = format!(
        "different values separated by commas out of {}, or `none` for no second factor",
        choices(Mechanism::VARIANTS)
    );
    reader.required(Known::new("SECOND_FACTOR_MECHANISMS", form), |text| match text {
        "none" => Some(Vec::new()),
        values => different_values(values),
    })
}

pub(super) fn is_id(text: &str, longest: usize) -> bool {
    text.len() <= longest
        && !matches!(text, "." | "..")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// The settings of an environment that says nothing else.
#[cfg(test)]
pub(super) fn of_variables(environment: &Environment) -> Option<OnboardingSettings> {
    let mut reader = Reader::new(environment);
    let settings = OnboardingSettings::read(&mut reader);
    settings.filter(|_| reader.finish().0.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::environment::Environment;

    fn read(pairs: &[(&str, &str)]) -> Result<OnboardingSettings, String> {
        let environment = Environment::of(pairs.iter().copied());
        let mut reader = Reader::new(&environment);
        let settings = OnboardingSettings::read(&mut reader);
        let (findings, _) = reader.finish();
        settings
            .filter(|_| findings.is_empty())
            .ok_or_else(|| findings.to_string())
    }

    const NO_SECOND_FACTOR: (&str, &str) = ("SECOND_FACTOR_MECHANISMS", "none");

    #[test]
    fn the_second_factor_has_no_default() {
        assert!(read(&[]).unwrap_err().starts_with("SECOND_FACTOR_MECHANISMS: expected"));
        assert!(read(&[NO_SECOND_FACTOR]).unwrap().second_factor_mechanisms.is_empty());
        let chosen = read(&[("SECOND_FACTOR_MECHANISMS", "totp, webauthn")]).unwrap();
        assert_eq!(chosen.second_factor_mechanisms, [Mechanism::Totp, Mechanism::Webauthn]);
        for bad in ["totp,none", "totp,totp", "pigeon"] {
            assert!(read(&[("SECOND_FACTOR_MECHANISMS", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn settings_are_read_again_from_their_variables_whatever_the_environment_says() {
        let set = [
            NO_SECOND_FACTOR,
            ("ORGANIZATION_ID_PREFIX", "ic-"),
            ("ADDRESS_VERIFIED", "true"),
        ];
        let settings = read(&set).unwrap();
        assert_eq!(settings.variables["PARENT_ORGANIZATION_ID"], "invoice-cloud");
        let again = OnboardingSettings::from_variables(&settings.variables).unwrap();
        assert_eq!(again.variables, settings.variables);
        assert!(again.organization_id_prefix == "ic-" && again.addresses.verified);
        let mut newer = settings.variables;
        newer.insert("VERIFY".into(), "twice".into());
        assert!(OnboardingSettings::from_variables(&newer).is_none());
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let settings = read(&[NO_SECOND_FACTOR]).unwrap();
        assert_eq!(settings.parent_organization_id, "invoice-cloud");
        assert_eq!(settings.organization_id_prefix, "");
        let first: Vec<_> = settings
            .authentication_mechanisms
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(first, ["totp", "password", "email_otp", "webauthn"]);
        assert_eq!(settings.preferred_authentication_mechanism, Mechanism::Password);
        assert_eq!(settings.payload.user_name, "user_name");
        assert!(settings.create_deactivated && settings.identifier_case_insensitive && !settings.addresses.verified);
        assert_eq!(
            (settings.on_invalid_user, settings.max_skipped_percent),
            (OnInvalidUser::Fail, 10)
        );
        assert!(settings.allow_skip_2fa && settings.addresses.allowed_for_2fa);
        assert_eq!(settings.first_sign_in_need, NeedOfFirstSignIn::Possible);
    }

    #[test]
    fn a_run_keeps_factors_that_today_would_be_a_finding() {
        let unusable = [("SECOND_FACTOR_MECHANISMS", "sms_otp")];
        let settings = read(&unusable).unwrap();
        assert!(OnboardingSettings::from_variables(&settings.variables).is_some());
    }

    #[test]
    fn variables_that_an_older_version_did_not_keep_count_as_their_defaults() {
        let mut variables = read(&[NO_SECOND_FACTOR]).unwrap().variables;
        variables.remove("ALLOW_SKIP_2FA").unwrap();
        assert!(OnboardingSettings::from_variables(&variables).unwrap().allow_skip_2fa);
    }

    #[test]
    fn the_preferred_mechanism_must_be_among_the_mechanisms() {
        let refused = read(&[NO_SECOND_FACTOR, ("AUTHENTICATION_MECHANISMS", "totp")]).unwrap_err();
        assert_eq!(
            refused,
            "PREFERRED_AUTHENTICATION_MECHANISM: expected one of AUTHENTICATION_MECHANISMS"
        );
    }
}
