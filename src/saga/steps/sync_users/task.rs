//! Decides what a user needs: from the CRM's row and the account, without I/O (docs/ARCHITECTURE.md#accounts).

use super::person::Wanted;
use super::reader::CrmRow;
use super::target::Values;
use crate::domain::issue::Code;
use crate::domain::user::Status;
use crate::settings::OnboardingSettings;
use crate::settings::onboarding::{ExistingUsers, Leavers};
use crate::store::{Account, AccountOrigin};

/// What the CRM has of a user.
#[derive(Debug, Clone)]
pub(in super::super::super) enum Row {
    /// A valid row.
    Valid(Wanted),
    /// A data error, of this row or because its GUID is repeated.
    Invalid {
        /// All the same the rows say that the user has no access.
        is_barred: bool,
    },
    /// A row with status `deleted`, or none.
    Gone,
}

impl Row {
    pub(in super::super::super) fn of(row: CrmRow, values: &Values) -> Self {
        match row {
            CrmRow::Valid(user) => Self::Valid(values.wanted(user)),
            CrmRow::Invalid { is_barred } => Self::Invalid { is_barred },
            CrmRow::Gone => Self::Gone,
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super::super) enum Task {
    /// Nothing: there is neither a user nor a row, or a row with a data error.
    Nothing,
    /// Nothing: the account is as the CRM has it.
    UpToDate,
    /// Nothing: the user was in the found pool before.
    Linked,
    /// Report it: the user was in the found pool before, and the CRM gives no access.
    ReportLinked,
    /// Report it: the user left, and `LEAVERS=keep`.
    ReportLeaver,
    /// Import the user.
    Join,
    /// Read the user, then import or change it: a call may have touched it, or nothing is known of it.
    Look,
    /// Send what differs.
    Change,
    /// Read the user of an open account: keep what is shown. Report it too if the user left, and `LEAVERS=keep`.
    Keep,
    /// End the user's access.
    Leave(Why),
}

/// Why a user loses access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super::super) enum Why {
    /// The row is `deleted` or gone: a leaver, whom the guard counts.
    Left,
    /// The row has a data error and says that the user has no access.
    Barred,
}

/// The settings that decide.
#[derive(Debug, Clone, Copy)]
pub(in super::super::super) struct Policy {
    leavers: Leavers,
    existing: ExistingUsers,
}

impl Policy {
    pub(in super::super::super) fn of(settings: &OnboardingSettings) -> Self {
        Self {
            leavers: settings.leavers,
            existing: settings.existing_users,
        }
    }

    /// Users whom a found pool held before are brought in line.
    pub(in super::super::super) fn adopts(self) -> bool {
        self.existing == ExistingUsers::Adopt
    }

    /// What the account tells of its user. The hashes of a linked one recognise a person, and say nothing of what an adoption has to
    /// send.
    pub(super) fn seen(self, account: Account) -> Account {
        if account.origin == AccountOrigin::Linked && self.adopts() {
            account.without_hashes()
        } else {
            account
        }
    }

    /// The user was in a found pool before and is never changed.
    pub(in super::super::super) fn leaves_alone(self, account: &Account) -> bool {
        account.origin == AccountOrigin::Linked && !self.adopts()
    }
}

impl Task {
    pub(in super::super::super) fn of(row: &Row, account: Option<&Account>, policy: Policy) -> Self {
        let Some(account) = account else {
            return if matches!(row, Row::Valid(_)) {
                Self::Join
            } else {
                Self::Nothing
            };
        };
        if policy.leaves_alone(account) {
            // A call that was to adopt the user, before `ADOPT_EXISTING_USERS` was switched off, has no outcome.
            return if account.open { Self::Keep } else { Self::of_linked(row) };
        }
        let is_unknown = account.open || account.origin == AccountOrigin::Linked;
        match row {
            Row::Valid(_) if is_unknown => Self::Look,
            Row::Valid(wanted) if wanted.differs_from(account) => Self::Change,
            Row::Valid(_) => Self::UpToDate,
            Row::Gone if policy.leavers == Leavers::Keep && account.open => Self::Keep,
            Row::Gone if policy.leavers == Leavers::Keep && has_no_access(account) => Self::Nothing,
            Row::Gone if policy.leavers == Leavers::Keep => Self::ReportLeaver,
            Row::Gone => Self::leave(account, Why::Left),
            Row::Invalid { is_barred: true } => Self::leave(account, Why::Barred),
            Row::Invalid { is_barred: false } if account.open => Self::Keep,
            Row::Invalid { is_barred: false } => Self::Nothing,
        }
    }

    /// What is reported of the user's status.
    pub(in super::super::super) fn code(self, row: &Row) -> Option<Code> {
        match (self, row) {
            (Self::ReportLinked, _) => Some(Code::NotAdopted),
            // Whoever left is kept only with `LEAVERS=keep`.
            (Self::ReportLeaver, _) | (Self::Keep, Row::Gone) => Some(Code::Left),
            _ => None,
        }
    }

    fn of_linked(row: &Row) -> Self {
        match row {
            Row::Valid(wanted) if !wanted.is_inactive() => Self::Linked,
            Row::Valid(_) | Row::Gone | Row::Invalid { is_barred: true } => Self::ReportLinked,
            Row::Invalid { is_barred: false } => Self::Nothing,
        }
    }

    fn leave(account: &Account, why: Why) -> Self {
        if has_no_access(account) && !account.open {
            Self::Nothing
        } else {
            Self::Leave(why)
        }
    }
}

/// The user was set inactive, and its sessions ended.
pub(in super::super::super) fn has_no_access(account: &Account) -> bool {
    account.status_sent == Some(Status::Inactive)
}

#[cfg(test)]
mod tests {
    use ic_secureauth_api::DerivedIds;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::OnboardingId;
    use crate::domain::user::CrmUser;
    use crate::settings::onboarding::ActiveUserStatus;

    const DEFAULT: Policy = Policy {
        leavers: Leavers::Deactivate,
        existing: ExistingUsers::Link,
    };
    const BARRED: Row = Row::Invalid { is_barred: true };
    const INVALID: Row = Row::Invalid { is_barred: false };

    fn wanted(last_name: &str, status: Status) -> Wanted {
        let values = Values {
            ids: DerivedIds::new(Uuid::nil(), "tenant", "1876", 0),
            case_insensitive: true,
            active_user_status: ActiveUserStatus::Active,
        };
        values.wanted(CrmUser {
            user_guid: Uuid::from_u128(7),
            user_name: "rsable".into(),
            email: "rsable@invoicecloud.com".into(),
            first_name: None,
            last_name: Some(last_name.into()),
            status,
        })
    }

    fn settled() -> Account {
        Account {
            open: false,
            ..wanted("Sable", Status::Active).new_account(OnboardingId(Uuid::nil()))
        }
    }

    fn open() -> Account {
        Account {
            open: true,
            ..settled()
        }
    }

    fn linked() -> Account {
        Account {
            origin: AccountOrigin::Linked,
            profile_hash: None,
            status_sent: None,
            ..settled()
        }
    }

    fn valid() -> Row {
        Row::Valid(wanted("Sable", Status::Active))
    }

    fn task(row: &Row, account: &Account) -> Task {
        Task::of(row, Some(account), DEFAULT)
    }

    #[test]
    fn a_user_without_an_account_joins_if_its_row_is_valid() {
        assert_eq!(Task::of(&valid(), None, DEFAULT), Task::Join);
        for row in [INVALID, BARRED, Row::Gone] {
            assert_eq!(Task::of(&row, None, DEFAULT), Task::Nothing);
        }
    }

    #[test]
    fn a_settled_account_is_changed_if_a_value_or_the_status_differs() {
        assert_eq!(task(&valid(), &settled()), Task::UpToDate);
        let others = [
            Row::Valid(wanted("Renamed", Status::Active)),
            Row::Valid(wanted("Sable", Status::Inactive)),
        ];
        for row in others {
            assert_eq!(task(&row, &settled()), Task::Change);
        }
        let unknown = [
            Account {
                status_sent: None,
                ..settled()
            },
            Account {
                name_hash: Some([1; 16]),
                ..settled()
            },
            Account {
                address_hash: None,
                ..settled()
            },
        ];
        for account in unknown {
            assert_eq!(task(&valid(), &account), Task::Change);
        }
        assert_eq!(task(&INVALID, &settled()), Task::Nothing);
    }

    #[test]
    fn nothing_is_sent_for_an_open_account_before_its_user_was_read() {
        assert_eq!(task(&valid(), &open()), Task::Look);
        assert_eq!(task(&INVALID, &open()), Task::Keep);
    }

    #[test]
    fn whoever_left_or_is_barred_loses_access_once() {
        for account in [settled(), open()] {
            assert_eq!(task(&Row::Gone, &account), Task::Leave(Why::Left));
            assert_eq!(task(&BARRED, &account), Task::Leave(Why::Barred));
        }
        let inactive = Account {
            status_sent: Some(Status::Inactive),
            ..settled()
        };
        assert_eq!(task(&Row::Gone, &inactive), Task::Nothing);
        let open = Account { open: true, ..inactive };
        assert_eq!(task(&Row::Gone, &open), Task::Leave(Why::Left));
    }

    #[test]
    fn leavers_keep_access_and_are_reported_if_the_setting_says_so() {
        let keep = Policy {
            leavers: Leavers::Keep,
            ..DEFAULT
        };
        assert_eq!(Task::of(&Row::Gone, Some(&settled()), keep), Task::ReportLeaver);
        assert_eq!(Task::of(&Row::Gone, Some(&open()), keep), Task::Keep);
        assert_eq!(Task::of(&BARRED, Some(&settled()), keep), Task::Leave(Why::Barred));
    }

    #[test]
    fn a_linked_user_is_left_alone_and_reported_if_the_crm_gives_no_access() {
        assert_eq!(task(&valid(), &linked()), Task::Linked);
        assert_eq!(task(&INVALID, &linked()), Task::Nothing);
        for row in [Row::Gone, BARRED, Row::Valid(wanted("Sable", Status::Inactive))] {
            assert_eq!(task(&row, &linked()), Task::ReportLinked);
        }
    }

    #[test]
    fn a_linked_user_is_read_and_brought_in_line_once_it_is_adopted() {
        let adopting = Policy {
            existing: ExistingUsers::Adopt,
            ..DEFAULT
        };
        assert_eq!(Task::of(&valid(), Some(&linked()), adopting), Task::Look);
        assert_eq!(Task::of(&Row::Gone, Some(&linked()), adopting), Task::Leave(Why::Left));
    }
}
