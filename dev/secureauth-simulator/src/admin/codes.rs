//! A person asks for a password reset, and enters the code of a message (rows 98 and 99). It takes the place of the pages for that,
//! which the simulator has not.

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use super::activate::complete;
use super::enroll::add;
use super::sign_in::{check_workspace, pools_of};
use crate::app::App;
use crate::lag::LagTimes;
use crate::outbox::{Message, MessageKind};
use crate::server::call::Call;
use crate::state::State;
use crate::users::{CredentialType, UserStatus, request_password_reset, send_activation};

/// Whether a code did what its message was for, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeEntry {
    /// True: the password is set, or the activation completed.
    pub accepted: bool,
    /// Why not: `wrong-code`, `no-password`, or a reason of [`Activation`](super::Activation); `ok` when accepted.
    pub reason: String,
}

/// The messages so far, oldest first.
pub(crate) fn outbox(app: &App) -> Vec<Message> {
    app.state().outbox.messages().to_vec()
}

/// The page asks for a message in each pool of the workspace. Without a user name, only a verified address gets one.
pub(crate) fn ask_for_reset(app: &App, workspace_id: &str, user_name: Option<&str>, address: &str) {
    let pools: Vec<String> = {
        let state = app.state();
        if check_workspace(&state, workspace_id).is_err() {
            return;
        }
        let pools = pools_of(&state, &app.switches(), workspace_id);
        pools.into_iter().map(|pool| pool.id().to_owned()).collect()
    };
    for pool in pools {
        let mut call = Call::internal(app, &json!({ "address": address, "identifier": user_name }));
        call.switches = app.switches();
        call.path.push(("ipID".to_owned(), pool));
        // The page says the same whatever the answer is.
        let _ = request_password_reset(app, &call);
    }
}

/// An activation message for a new user; `false` when the workspace has no such user.
pub(crate) fn invite(app: &App, workspace_id: &str, user_name: &str) -> bool {
    let found = {
        let state = app.state();
        let pools = pools_of(&state, &app.switches(), workspace_id);
        pools.into_iter().find_map(|pool| {
            let user = pool.users.by_identifier(user_name)?;
            (user.status == UserStatus::New).then(|| (pool.id().to_owned(), user.id.to_string()))
        })
    };
    let Some((pool, user)) = found else {
        return false;
    };
    let mut call = Call::internal(app, &json!({}));
    call.switches = app.switches();
    call.query.push(("mode".to_owned(), "invitation".to_owned()));
    call.path
        .extend([("ipID".to_owned(), pool), ("userID".to_owned(), user)]);
    send_activation(app, &call).is_ok()
}

/// Enters the code of a reset or of an activation; a reset takes the new password, an activation may.
pub(crate) fn enter_code(app: &App, code: &str, password: Option<&str>) -> CodeEntry {
    let mut state = app.state();
    let refused = take(&mut state, app.now(), code, password).err();
    CodeEntry {
        accepted: refused.is_none(),
        reason: refused.unwrap_or("ok").to_owned(),
    }
}

fn take(state: &mut State, now: OffsetDateTime, code: &str, password: Option<&str>) -> Result<(), &'static str> {
    let message = state.outbox.by_code(now, code).cloned().ok_or("wrong-code")?;
    let workspace = state.pools.workspace_of(&message.pool_id).to_owned();
    check_workspace(state, &workspace)?;
    let password = password.filter(|password| !password.is_empty());
    match message.kind {
        MessageKind::SignIn => return Err("wrong-code"),
        MessageKind::PasswordReset if password.is_none() => return Err("no-password"),
        MessageKind::PasswordReset => {}
        MessageKind::Activation => {
            complete(state, now, &message.pool_id, &message.user_id, Some(&message.address))?;
        }
    }
    if let Some(password) = password {
        let pool = state.pools.live(&message.pool_id);
        let mut user = pool
            .and_then(|pool| pool.users.get(&message.user_id.as_str().into()))
            .cloned()
            .ok_or("no-such-user")?;
        user.credentials.retain(|it| it.kind != CredentialType::Password);
        add(state, &mut user, CredentialType::Password, password, now);
        user.revision = state.next_revision();
        state.pools.put_user(now, LagTimes::default(), &message.pool_id, user);
    }
    state.outbox.used(code);
    Ok(())
}
