//! Signing in (rows 84, 102 and 126). It takes the place of sign-in pages, which the simulator has not.

use serde::{Deserialize, Serialize};

use super::factors::{Attempt, Passed, offered};
use crate::app::App;
use crate::outbox::MessageKind;
use crate::pools::Pool;
use crate::state::State;
use crate::state::record_id::RecordId;
use crate::switches::Switches;
use crate::switches::choices::{IdpMethod, SignInFactors};
use crate::users::{AddressStatus, AddressType, User, UserStatus};

/// Whether sign-in is possible, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Whether sign-in would be possible.
    pub allowed: bool,
    /// Why not: `no-such-workspace`, `organization-deactivated`, `no-identity-provider`, `unknown-user`, `user-not-active`,
    /// `no-first-factor`, `wrong-password`, `mechanism-not-allowed` or `no-second-factor`; `ok` when allowed.
    pub reason: String,
    /// The mechanism of the first factor; `None` when refused, and where factors are not checked.
    pub first_factor: Option<String>,
    /// The mechanism of the second factor, or `skipped`; `None` also where the pool asks for none.
    pub second_factor: Option<String>,
}

/// Who signs in where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person<'a> {
    pub(crate) workspace_id: &'a str,
    pub(crate) identifier: &'a str,
    /// The password that the person enters; `None`: any factor that the person has.
    pub(crate) password: Option<&'a str>,
}

/// A user, and the factors of the sign-in; `None` where they are not checked.
struct Found {
    pool_id: String,
    user_id: RecordId,
    passed: Option<Passed>,
    /// Address of a code.
    address: Option<String>,
}

/// Signs a user in: sends the code if a factor needs one, and opens a session.
pub(crate) fn sign_in(app: &App, person: Person<'_>) -> SignIn {
    let now = app.now();
    let mut state = app.state();
    let found = find(app, &state, person);
    if let Ok(found) = &found {
        if let Some(address) = &found.address {
            let to = (found.pool_id.as_str(), &found.user_id, address.as_str());
            state.send_message(now, MessageKind::SignIn, to, [None, None]);
        }
        state.pools.open_session(&found.pool_id, &found.user_id);
    }
    SignIn::of(found)
}

/// Whether a user could sign in. Opens no session and sends no code.
pub(crate) fn may_sign_in(app: &App, person: Person<'_>) -> SignIn {
    SignIn::of(find(app, &app.state(), person))
}

impl SignIn {
    fn of(found: Result<Found, &'static str>) -> Self {
        let (reason, passed) = match found {
            Ok(found) => ("ok", found.passed),
            Err(reason) => (reason, None),
        };
        let (first_factor, second_factor) = passed.map_or((None, None), |it| (Some(it.first), it.second));
        Self {
            allowed: reason == "ok",
            reason: reason.to_owned(),
            first_factor,
            second_factor,
        }
    }
}

/// An active user with this identifier in the pools whose identity provider in the workspace is enabled and of the right kind, with
/// factors that are enough; otherwise why nobody may sign in.
fn find(app: &App, state: &State, person: Person<'_>) -> Result<Found, &'static str> {
    let workspace_id = person.workspace_id;
    check_workspace(state, workspace_id)?;
    let switches = app.switches();
    let pools = pools_of(state, &switches, workspace_id);
    if pools.is_empty() {
        return Err("no-identity-provider");
    }
    let mut users = pools
        .into_iter()
        .filter_map(|pool| Some((pool, pool.users.by_identifier(person.identifier)?)));
    let (pool, user) = users.next().ok_or("unknown-user")?;
    if user.status != UserStatus::Active {
        return Err("user-not-active");
    }
    let attempt = Attempt {
        state,
        switches: &switches,
        now: app.now(),
        pool,
        user,
        password: person.password,
    };
    let passed = match *switches.sign_in_factors {
        SignInFactors::Checked => Some(attempt.pass()?),
        SignInFactors::NotChecked => None,
    };
    Ok(Found {
        pool_id: pool.id().to_owned(),
        user_id: user.id.clone(),
        address: passed.as_ref().and_then(|passed| code_address(user, passed)),
        passed,
    })
}

/// Whether people can get to a sign-in page of the workspace.
pub(super) fn check_workspace(state: &State, workspace_id: &str) -> Result<(), &'static str> {
    if !state.workspace_exists(workspace_id) {
        return Err("no-such-workspace");
    }
    if state.organizations.get(workspace_id).is_some_and(|it| it.deactivated) {
        return Err("organization-deactivated");
    }
    Ok(())
}

/// The pools whose users the workspace's sign-in page takes.
pub(super) fn pools_of<'a>(state: &'a State, switches: &Switches, workspace_id: &str) -> Vec<&'a Pool> {
    let can_sign_in = !switches.idp_disabled.is_on() && *switches.idp_method == IdpMethod::IdentityPool;
    let providers = state.idps.of_workspace(workspace_id).filter(|_| can_sign_in);
    providers.filter_map(|idp| state.pools.live(&idp.pool_id)).collect()
}

/// The first factors on the workspace's sign-in page; none where there is no page.
pub(crate) fn offered_factors(app: &App, workspace_id: &str) -> Vec<String> {
    let state = app.state();
    if check_workspace(&state, workspace_id).is_err() {
        return Vec::new();
    }
    let pools = pools_of(&state, &app.switches(), workspace_id);
    let factors = pools.into_iter().flat_map(|pool| offered(&state, pool));
    factors.map(str::to_owned).collect()
}

/// The address that gets the code of a factor.
fn code_address(user: &User, passed: &Passed) -> Option<String> {
    let mut factors = [Some(passed.first.as_str()), passed.second.as_deref()]
        .into_iter()
        .flatten();
    let kind = factors.find_map(|factor| match factor {
        "otp" | "email_otp" => Some(AddressType::Email),
        "sms_otp" | "voice_otp" => Some(AddressType::Mobile),
        _ => None,
    })?;
    let second = passed.second.is_some();
    let mut own = user
        .addresses
        .iter()
        .filter(|it| it.kind == kind && it.status == AddressStatus::Active);
    let best = own
        .clone()
        .find(|it| if second { it.allowed_for_2fa } else { it.verified });
    best.or_else(|| own.next()).map(|it| it.value.to_string())
}
