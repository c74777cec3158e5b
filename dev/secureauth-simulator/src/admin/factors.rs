//! The factors that a person has, and whether they are enough to sign in (row 126).

use serde_json::Value;
use time::OffsetDateTime;

use super::enroll::hash;
use crate::pools::Pool;
use crate::state::State;
use crate::switches::Switches;
use crate::users::{Address, AddressStatus, AddressType, Credential, CredentialState, CredentialType, User, expand};

const FIRST: &str = "authentication_mechanisms";
const SECOND: &str = "second_factor_authentication_mechanisms";

/// `second` of a person who has no second factor and may sign in without one.
pub(super) const SKIPPED: &str = "skipped";

/// The factors that a person signs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) first: String,
    /// `None`: the pool asks for none.
    pub(super) second: Option<String>,
}

/// The first factors that pool and organization allow.
pub(super) fn offered<'a>(state: &State, pool: &'a Pool) -> Vec<&'a str> {
    let mut offered = pool.mechanisms(FIRST);
    offered.retain(|mechanism| allows(state, pool, mechanism));
    offered
}

/// Whether the pool's workspace allows a mechanism. One that is no organization allows all.
fn allows(state: &State, pool: &Pool, mechanism: &str) -> bool {
    let Some(organization) = state.organizations.get(pool.text("workspace_id")) else {
        return true;
    };
    let mut allowed = organization.authentication_mechanisms.iter().flatten();
    allowed.any(|it| it == mechanism)
}

/// Codes by e-mail and codes by any channel go to the same mailbox.
fn differ(first: &str, second: &str) -> bool {
    let channel = |mechanism: &str| {
        if mechanism == "otp" {
            "email_otp".to_owned()
        } else {
            mechanism.to_owned()
        }
    };
    channel(first) != channel(second)
}

/// Who wants to sign in, where and when.
pub(super) struct Attempt<'a> {
    pub(super) state: &'a State,
    pub(super) switches: &'a Switches,
    pub(super) now: OffsetDateTime,
    pub(super) pool: &'a Pool,
    pub(super) user: &'a User,
    /// The password that the person enters; `None`: any factor that the person has.
    pub(super) password: Option<&'a str>,
}

impl Attempt<'_> {
    /// The factors that are enough, or why there are none.
    pub(super) fn pass(&self) -> Result<Passed, &'static str> {
        let firsts = self.firsts()?;
        let wanted = self.pool.mechanisms(SECOND);
        let Some(first) = firsts.first().copied() else {
            return Err("no-first-factor");
        };
        let passed = |first: &str, second: Option<&str>| Passed {
            first: first.to_owned(),
            second: second.map(str::to_owned),
        };
        if wanted.is_empty() {
            return Ok(passed(first, None));
        }
        let owned: Vec<&str> = wanted.into_iter().filter(|it| self.has_second(it)).collect();
        let allowed: Vec<&str> = owned.iter().copied().filter(|it| self.allows(it)).collect();
        let pairs = firsts
            .iter()
            .flat_map(|first| allowed.iter().map(move |second| (*first, *second)));
        if let Some((first, second)) = pairs.into_iter().find(|(first, second)| differ(first, second)) {
            return Ok(passed(first, Some(second)));
        }
        // A second factor that is the first one again is none.
        let has_none = owned.iter().all(|second| !differ(first, second));
        if has_none && self.pool.flag("allow_skip_2fa") {
            return Ok(passed(first, Some(SKIPPED)));
        }
        Err(if allowed.len() < owned.len() {
            "mechanism-not-allowed"
        } else {
            "no-second-factor"
        })
    }

    /// First factors that the person has, and that pool and organization allow.
    fn firsts(&self) -> Result<Vec<&str>, &'static str> {
        let has_password = self.has_credential(CredentialType::Password);
        if self.password.is_some() && !self.password_is_right() {
            return Err(if has_password {
                "wrong-password"
            } else {
                "no-first-factor"
            });
        }
        let entered = |it: &&str| self.password.is_none() || *it == "password";
        let mut offered = self.pool.mechanisms(FIRST);
        // Whoever has a password uses it, and whoever has not asks for a code.
        offered.sort_by_key(|it| *it != "password");
        let owned: Vec<&str> = offered
            .into_iter()
            .filter(|it| entered(it) && self.has_first(it))
            .collect();
        let allowed: Vec<&str> = owned.iter().copied().filter(|it| self.allows(it)).collect();
        if !allowed.is_empty() {
            return Ok(allowed);
        }
        let enrolled = [CredentialType::Password, CredentialType::Totp, CredentialType::Webauthn];
        let has_other = enrolled.into_iter().any(|kind| self.has_credential(kind));
        Err(if owned.is_empty() && !has_other {
            "no-first-factor"
        } else {
            "mechanism-not-allowed"
        })
    }

    fn allows(&self, mechanism: &str) -> bool {
        allows(self.state, self.pool, mechanism)
    }

    /// Phones are second factors only, and nobody has a device: `push`, `symbol` and `qr_code` need the vendor's app.
    fn has_first(&self, mechanism: &str) -> bool {
        let verified_only = self.switches.otp_needs_verified_address.is_on();
        match mechanism {
            "otp" | "email_otp" => self.has_address(AddressType::Email, |it| it.verified || !verified_only),
            _ => self.has_enrolled(mechanism),
        }
    }

    fn has_second(&self, mechanism: &str) -> bool {
        let verified_only = self.switches.otp_needs_verified_address.is_on();
        let fits = |it: &Address| it.allowed_for_2fa && (it.verified || !verified_only);
        match mechanism {
            "otp" | "email_otp" => self.has_address(AddressType::Email, fits),
            "sms_otp" | "voice_otp" => self.has_address(AddressType::Mobile, fits),
            "password" => false,
            _ => self.has_enrolled(mechanism),
        }
    }

    fn has_enrolled(&self, mechanism: &str) -> bool {
        match mechanism {
            "password" => self.has_credential(CredentialType::Password),
            "totp" => self.has_credential(CredentialType::Totp),
            "webauthn" | "usernameless_webauthn" => self.has_credential(CredentialType::Webauthn),
            _ => false,
        }
    }

    fn has_address(&self, kind: AddressType, fits: impl Fn(&Address) -> bool) -> bool {
        let mut active = self
            .user
            .addresses
            .iter()
            .filter(|it| it.kind == kind && it.status == AddressStatus::Active);
        active.any(fits)
    }

    fn has_credential(&self, kind: CredentialType) -> bool {
        self.credentials(kind).next().is_some()
    }

    fn password_is_right(&self) -> bool {
        let entered = Value::String(hash(self.password.unwrap_or_default()));
        self.credentials(CredentialType::Password)
            .any(|it| expand(Some(&it.payload)).get("hashed_password") == Some(&entered))
    }

    /// Credentials of a kind that can be used now.
    fn credentials(&self, kind: CredentialType) -> impl Iterator<Item = &Credential> {
        let usable = move |it: &&Credential| {
            it.kind == kind
                && it.state != CredentialState::MustBeReset
                && it.expires_at.is_none_or(|expires_at| self.now < expires_at)
        };
        self.user.credentials.iter().filter(usable)
    }
}
