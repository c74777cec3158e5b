//! What the producer hands out and the window keeps in flight.

use super::calls::Refusal;
use super::doubt::Doubted;
use super::leave::Departure;
use super::person::{Person, Wanted};
use super::settled::Settled;
use super::task::Why;
use crate::domain::issue::Issue;
use crate::store::Account;

/// What takes one place in the window.
pub(super) enum Work {
    /// Import users.
    Join {
        people: Vec<Person>,
        /// Read each user first: a call may have touched it.
        look: bool,
        /// A larger chunk with these users was refused, so a refused call may have touched them.
        touched: bool,
        sibling: Option<Sibling>,
    },
    /// Find out why a single user is refused.
    Explain(Person, Refusal),
    /// Change a user.
    Change(Person),
    /// Keep what is shown of the user of an open account.
    Keep {
        page: u32,
        account: Account,
        /// What is reported if the user has access.
        issue: Option<Issue>,
    },
    /// Find out whether a user who is never changed is there.
    Find(Doubted),
    /// End a user's access.
    Leave(Leaver),
    /// End the sessions of users without access.
    Revoke(Vec<Departure>),
}

/// A user who is to have no access any more.
pub(super) struct Leaver {
    pub(super) page: u32,
    /// The account as it was before the run opened it.
    pub(super) account: Account,
    pub(super) why: Why,
}

/// The other half of a refused chunk. It holds the refused record if this half is accepted.
pub(super) struct Sibling {
    pub(super) people: Vec<Person>,
    pub(super) refusal: Refusal,
}

impl Work {
    pub(super) fn join(people: Vec<Person>, look: bool) -> Self {
        Self::Join {
            people,
            look,
            touched: false,
            sibling: None,
        }
    }

    /// The account as it is written before the work begins.
    pub(super) fn opened(&self) -> Option<Account> {
        match self {
            Self::Change(person) => Some(person.opened()),
            Self::Leave(leaver) => Some(Account {
                open: true,
                status_sent: None,
                returning: false,
                ..leaver.account.clone()
            }),
            _ => None,
        }
    }

    /// Nobody is looked for before.
    pub(super) fn is_import(&self) -> bool {
        matches!(self, Self::Join { look, touched, .. } if !look || *touched)
    }

    /// The user of a change of the user name.
    pub(super) fn renamed(&self) -> Option<&Wanted> {
        let Self::Change(Person { wanted, account, .. }) = self else {
            return None;
        };
        wanted.renames(account).then_some(wanted)
    }

    /// What is recorded when the work does not begin. An account that no call can have touched is settled as it was.
    pub(super) fn left(self) -> Vec<Settled> {
        match self {
            Self::Join {
                people,
                look: false,
                touched: false,
                ..
            } => people
                .iter()
                .map(|person| Settled::forgotten(person.account.user_guid))
                .collect(),
            Self::Change(Person { account, .. }) | Self::Leave(Leaver { account, .. }) => {
                vec![Settled::unchanged(account)]
            }
            Self::Join { .. } | Self::Explain(..) | Self::Keep { .. } | Self::Find(_) | Self::Revoke(_) => Vec::new(),
        }
    }
}
