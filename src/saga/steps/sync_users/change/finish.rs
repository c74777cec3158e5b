//! What a change comes to: the settled account, what is counted, and whether sessions have to end.

use super::super::leave::Departure;
use super::super::settled::Settled;
use super::{Brought, Change};
use crate::domain::tally::Effect;
use crate::domain::user::Status;
use crate::store::AccountOrigin;
use ic_secureauth_api::UserStatus;

impl Change<'_> {
    /// `shown`: the status before the change.
    pub(super) fn finish(self, shown: Option<UserStatus>) -> Brought {
        let person = self.person;
        let effect = self.effect(shown);
        // Unless the account says so, nobody knows whether the sessions of an inactive user were ended.
        let account = &person.account;
        let is_unknown = account.open || account.status_sent.is_none() || account.origin == AccountOrigin::Linked;
        let loses_access = self.now.status_sent == Some(Status::Inactive) && (self.has_sent_status || is_unknown);
        if self.is_waiting {
            let settled = Settled::still_open(person.account.user_guid);
            return if loses_access {
                Brought::Departing(Departure { user: self.id, settled })
            } else {
                Brought::Waiting
            };
        }
        let settled = match self.issue {
            Some(issue) => Settled::with(person.page, self.now, effect).reporting(issue),
            None => Settled::with(person.page, self.now, effect),
        };
        if loses_access {
            return Brought::Departing(Departure { user: self.id, settled });
        }
        Brought::Settled(settled)
    }

    fn effect(&self, shown: Option<UserStatus>) -> Option<Effect> {
        let account = &self.person.account;
        let is_mine = account.open && account.created_by == Some(self.target.run);
        let was_inactive = account.status_sent == Some(Status::Inactive) || shown == Some(UserStatus::Inactive);
        // An earlier call without an outcome gave the access back.
        let has_access = self.now.status_sent.is_some_and(|status| status != Status::Inactive);
        let is_back = account.returning && has_access;
        match self.now.status_sent {
            _ if is_mine => Some(Effect::Imported),
            Some(Status::Inactive) if self.has_sent_status || self.person.status_was_to_change() => {
                Some(Effect::Deactivated)
            }
            _ if is_back || (self.has_sent_status && was_inactive) => Some(Effect::Reactivated),
            _ if (self.has_changed || self.person.value_was_to_change(&self.now)) && self.issue.is_none() => {
                Some(Effect::Changed)
            }
            _ => None,
        }
    }
}
