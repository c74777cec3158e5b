//! What came of one user, as the other two tasks of a pass report it to `settle`.

use uuid::Uuid;

use super::conflict::Part;
use super::link::Known;
use super::person::Person;
use super::task::{Row, Why};
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::tally::Effect;
use crate::store::{Account, AccountOrigin};

/// What came of one user.
pub(super) struct Settled {
    /// The page that has one user less to wait for.
    pub(super) page: Option<u32>,
    pub(super) user: Option<Uuid>,
    pub(super) fate: Fate,
    pub(super) effect: Option<Effect>,
    /// Why the user was deactivated, if not because its valid row says so.
    pub(super) why: Option<Why>,
    pub(super) issue: Option<Issue>,
}

/// What becomes of the account.
pub(super) enum Fate {
    Nothing,
    Settle,
    Put(Account),
    /// The user was linked before. Its person gets this account, or none.
    Unlink(Option<Account>),
    Remove,
}

impl Settled {
    fn new(page: Option<u32>, user: Uuid, fate: Fate, effect: Option<Effect>) -> Self {
        Self {
            page,
            user: Some(user),
            fate,
            effect,
            why: None,
            issue: None,
        }
    }

    /// SecureAuth accepted the import, and the account holds what was sent.
    pub(super) fn imported(person: &Person) -> Self {
        let user = person.account.user_guid;
        Self::new(Some(person.page), user, Fate::Settle, Some(Effect::Imported))
    }

    /// The account holds what SecureAuth has now.
    pub(super) fn with(page: u32, account: Account, effect: Option<Effect>) -> Self {
        let settled = Account { open: false, ..account };
        Self::new(Some(page), settled.user_guid, Fate::Put(settled), effect)
    }

    /// As [`Self::with`]; the user has no access any more.
    pub(super) fn left(page: u32, account: Account, effect: Option<Effect>, why: Why) -> Self {
        Self {
            why: Some(why),
            ..Self::with(page, account, effect)
        }
    }

    /// Nobody has the account any more.
    pub(super) fn gone(page: u32, user: Uuid) -> Self {
        Self::new(Some(page), user, Fate::Remove, None)
    }

    /// SecureAuth refuses the user's data: a data error. A user who was to be imported has no account.
    pub(super) fn refused(person: &Person) -> Self {
        let user = person.account.user_guid;
        let issue = Issue::of(Some(user), Field::User, Code::Refused);
        Self::gone(person.page, user).reporting(issue)
    }

    /// Somebody else in the pool has the user name or the address of a user who was to be imported: a data error.
    pub(super) fn held(person: &Person, part: Part, held_by: String) -> Self {
        let user = person.account.user_guid;
        Self::gone(person.page, user).reporting(Issue::held(user, part.field(), held_by))
    }

    /// A user that the found pool held before. One to be adopted stays open, and a later pass brings it in line.
    pub(super) fn known(page: Option<u32>, row: &Row, known: Known) -> Self {
        let Known { account, issue } = known;
        let is_linked = !account.open && matches!(row, Row::Valid(_));
        Self {
            issue,
            page: page.filter(|_| !account.open),
            ..Self::new(
                None,
                account.user_guid,
                Fate::Put(account),
                is_linked.then_some(Effect::Linked),
            )
        }
    }

    /// The account that is linked, if one is.
    pub(super) fn linked(&self) -> Option<&Account> {
        match &self.fate {
            Fate::Put(account) if account.origin == AccountOrigin::Linked => Some(account),
            _ => None,
        }
    }

    /// The linked user is gone, so a later pass looks for its person, and imports it.
    pub(super) fn unlinked(unknown: Account) -> Self {
        Self::new(None, unknown.user_guid, Fate::Unlink(Some(unknown)), None)
    }

    /// The linked user is gone, and somebody else has the id that an import would give: a data error.
    pub(super) fn linked_no_more(page: u32, user: Uuid, other: Uuid) -> Self {
        let issue = Issue::held(user, Field::UserGuid, other.to_string());
        Self::new(Some(page), user, Fate::Unlink(None), None).reporting(issue)
    }

    /// Somebody else is linked to the user already: a data error.
    pub(super) fn linked_already(&mut self, user: Uuid, other: Uuid) {
        self.fate = Fate::Remove;
        self.effect = None;
        self.issue = Some(Issue::held(user, Field::UserName, other.to_string()));
    }

    /// Something to report, and nothing to change.
    pub(super) fn issue(issue: Issue) -> Self {
        Self {
            page: None,
            user: issue.user_guid,
            fate: Fate::Nothing,
            effect: None,
            why: None,
            issue: Some(issue),
        }
    }

    /// The account stays open.
    pub(super) fn still_open(user: Uuid) -> Self {
        Self::new(None, user, Fate::Nothing, None)
    }

    /// The import was not begun.
    pub(super) fn forgotten(user: Uuid) -> Self {
        Self::new(None, user, Fate::Remove, None)
    }

    /// The change was not begun.
    pub(super) fn unchanged(account: Account) -> Self {
        Self::new(None, account.user_guid, Fate::Put(account), None)
    }

    /// The same with an issue. Of a change that is impossible in part, the account holds what it has, so that the next run tries
    /// again.
    pub(super) fn reporting(self, issue: Issue) -> Self {
        Self {
            issue: Some(issue),
            ..self
        }
    }
}
