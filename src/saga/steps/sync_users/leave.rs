//! Ends the access of users: sets them inactive, then ends their sessions, at most 100 users a call. Their accounts are settled
//! after both.

use super::super::{end_sessions, update_user};
use super::calls::{Answer, Landed};
use super::person::user_id;
use super::settled::Settled;
use super::target::Target;
use super::work::Leaver;
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::tally::Effect;
use crate::domain::user::Status;
use crate::store::{Account, AccountOrigin};
use ic_secureauth_api::{Class, UserId, UserStatus};

/// A user who has no access any more, and may still have sessions.
pub(super) struct Departure {
    pub(super) user: UserId,
    /// What is recorded when the sessions are ended.
    pub(super) settled: Settled,
}

impl Target {
    pub(super) async fn leave(&self, leaver: Leaver) -> Landed {
        let Leaver { page, account, why } = leaver;
        let id = user_id(&account, &self.values.ids);
        let mut found = None;
        let mut left = account.clone();
        // Nothing is known of the user of an open account, or of one that was only linked, so it is read first: by what it shows a
        // check recognises the person under a new GUID. That a read does not find it proves nothing: the update does.
        if account.open || account.origin == AccountOrigin::Linked {
            found = match self.api.user(&self.pool, &id).await {
                Ok(found) => found,
                Err(error) => return Landed::failed(error.into()),
            };
            if let Some(found) = &found {
                left = self.as_shown(left, &found.value);
            }
        }
        let shown = found.as_ref().and_then(|found| found.value.status);
        if shown != Some(UserStatus::Inactive) {
            match update_user::update(&self.api, &self.pool, &id, found, update_user::inactive).await {
                Ok(()) => {}
                // An account is forgotten only if nothing shows its user.
                Err(error) if error.is_not_found() => {
                    return match self.api.user(&self.pool, &id).await {
                        Ok(None) => Landed::done(vec![Settled::gone(page, account.user_guid)]),
                        Ok(Some(_)) => Landed::failed(Answer::not_shown()),
                        Err(error) => Landed::failed(error.into()),
                    };
                }
                Err(error) if error.is_refusal() => {
                    let issue = Issue::of(Some(account.user_guid), Field::Status, Code::NotDeactivated);
                    return Landed::done(vec![Settled::with(page, left, None).reporting(issue)]);
                }
                Err(error) => return Landed::failed(error.into()),
            }
        }
        let effect = (account.status_sent != Some(Status::Inactive)).then_some(Effect::Deactivated);
        let left = Account {
            status_sent: Some(Status::Inactive),
            returning: false,
            ..left.adopted()
        };
        let settled = Settled::left(page, left, effect, why);
        Landed::departing(vec![Departure { user: id, settled }])
    }

    /// Ends all sessions of at most 100 users, and settles them.
    pub(super) async fn revoke(&self, departures: Vec<Departure>) -> Landed {
        let users: Vec<UserId> = departures.iter().map(|departure| departure.user.clone()).collect();
        let mut settled: Vec<Settled> = departures.into_iter().map(|departure| departure.settled).collect();
        match end_sessions::end(&self.api, &self.pool, &users).await {
            Ok(ended) => {
                settled.extend(ended.issue().map(Settled::issue));
                Landed::done(settled)
            }
            Err(error) if self.gives_up_revoking && error.class() != Class::NotStarted => {
                tracing::warn!(%error, "SecureAuth stays away; sessions live on until they expire");
                settled.push(Settled::issue(end_sessions::not_revoked()));
                Landed::done(settled)
            }
            Err(error) => Landed::failed(error.into()),
        }
    }
}
