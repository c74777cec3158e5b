//! User names that would pass from one person to another, settled as a run settles its claims.

use std::collections::HashSet;
use std::fmt::Display;

use uuid::Uuid;

use super::super::steps::sync_users::names::{Holder, Right};
use super::{ImportOutlook, Planned};
use crate::domain::issue::{Code, Field};
use ic_secureauth_api::UserId;

/// Who has the user name that somebody is to get.
pub(super) enum HeldBy {
    Account(Holder),
    /// Somebody without an account.
    Stranger(UserId),
}

/// What would be done with somebody once the holder has given up the name.
struct Waiting {
    user: Uuid,
    kind: Planned,
    what: String,
    holder: Uuid,
}

/// Who waits for a name, and who keeps one.
#[derive(Default)]
pub(super) struct Conflicts {
    waiting: Vec<Waiting>,
    keeps: HashSet<Uuid>,
}

impl HeldBy {
    /// The holder who gives the name up.
    pub(super) fn gives_up(&self) -> Option<&Holder> {
        match self {
            Self::Account(holder) if holder.right != Right::Entitled => Some(holder),
            _ => None,
        }
    }

    /// Who keeps the name: a GUID, or an id in SecureAuth.
    pub(super) fn keeps(&self) -> Option<String> {
        match self {
            Self::Account(holder) if holder.right == Right::Entitled => Some(holder.account.user_guid.to_string()),
            Self::Account(_) => None,
            Self::Stranger(id) => Some(id.to_string()),
        }
    }
}

impl Conflicts {
    /// These people keep the names that they have.
    pub(super) fn keep(&mut self, people: impl IntoIterator<Item = Uuid>) {
        self.keeps.extend(people);
    }

    /// The person gets the name if its holder, by GUID, can give it up.
    pub(super) fn wait(&mut self, user: Uuid, kind: Planned, what: impl Into<String>, holder: Uuid) {
        self.waiting.push(Waiting {
            user,
            kind,
            what: what.into(),
            holder,
        });
    }

    /// Counts everybody who waits. Whoever cannot get a new name keeps the old one, and so does whoever was to get that one, and so on.
    pub(super) fn settle(self, outlook: &mut ImportOutlook) {
        let Self { mut waiting, mut keeps } = self;
        loop {
            let (kept, others): (Vec<Waiting>, Vec<Waiting>) =
                waiting.into_iter().partition(|it| keeps.contains(&it.holder));
            waiting = others;
            if kept.is_empty() {
                break;
            }
            for Waiting {
                user,
                kind,
                what,
                holder,
            } in kept
            {
                keeps.insert(user);
                held(outlook, user, Field::UserName, holder);
                // Whoever is to have no access does not wait.
                if kind == Planned::Deactivated {
                    outlook.count(kind, user, what);
                }
            }
        }
        for it in waiting {
            outlook.count(it.kind, it.user, it.what);
        }
    }
}

/// Counts a data error: somebody else has the value.
pub(super) fn held(outlook: &mut ImportOutlook, user: Uuid, field: Field, by: impl Display) {
    outlook.count(Planned::DataError, user, format!("{field} {} by {by}", Code::Held));
}
