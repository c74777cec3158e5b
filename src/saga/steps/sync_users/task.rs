//! Decides what a user needs: from the CRM's row and the account, without I/O (docs/ARCHITECTURE.md#accounts).

use super::person::Wanted;
use crate::store::{Account, AccountOrigin};

/// What the CRM has of a user.
#[derive(Debug, Clone)]
pub(in super::super::super) enum Row {
    /// A valid row.
    Valid(Wanted),
    /// A data error, of this row or because its GUID is repeated.
    Invalid,
    /// A row with status `deleted`, or none.
    Gone,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super::super) enum Task {
    /// Nothing: the account is as the CRM has it, or there is neither.
    Nothing,
    /// Nothing: the user was in the found pool before.
    Linked,
    /// Import the user.
    Join,
    /// Read the user, then import or change it: a call may have touched it.
    Look,
    /// Send what differs.
    Change,
    /// Read the user of an open account: keep what is shown.
    Keep,
    /// Read the user of an open account, and deactivate it: the CRM no longer has it.
    Deactivate,
}

impl Task {
    pub(in super::super::super) fn of(row: &Row, account: Option<&Account>) -> Self {
        match account {
            None if matches!(row, Row::Valid(_)) => Self::Join,
            None => Self::Nothing,
            Some(account) if account.origin == AccountOrigin::Linked => match row {
                Row::Valid(_) => Self::Linked,
                Row::Invalid | Row::Gone => Self::Nothing,
            },
            Some(account) if account.open => match row {
                Row::Valid(_) => Self::Look,
                Row::Invalid => Self::Keep,
                Row::Gone => Self::Deactivate,
            },
            Some(account) => match row {
                Row::Valid(wanted) if wanted.differs_from(account) => Self::Change,
                _ => Self::Nothing,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use ic_secureauth_api::DerivedIds;
    use uuid::Uuid;

    use super::super::target::Values;
    use super::*;
    use crate::domain::ids::OnboardingId;
    use crate::domain::user::{CrmUser, Status};
    use crate::settings::onboarding::ActiveUserStatus;

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

    fn valid() -> Row {
        Row::Valid(wanted("Sable", Status::Active))
    }

    #[test]
    fn a_user_without_an_account_joins_if_its_row_is_valid() {
        assert_eq!(Task::of(&valid(), None), Task::Join);
        assert_eq!(Task::of(&Row::Invalid, None), Task::Nothing);
        assert_eq!(Task::of(&Row::Gone, None), Task::Nothing);
    }

    #[test]
    fn a_settled_account_is_changed_if_profile_or_status_differ() {
        let account = settled();
        assert_eq!(Task::of(&valid(), Some(&account)), Task::Nothing);
        let renamed = Row::Valid(wanted("Renamed", Status::Active));
        assert_eq!(Task::of(&renamed, Some(&account)), Task::Change);
        let inactive = Row::Valid(wanted("Sable", Status::Inactive));
        assert_eq!(Task::of(&inactive, Some(&account)), Task::Change);
        let unknown = Account {
            status_sent: None,
            ..account.clone()
        };
        assert_eq!(Task::of(&valid(), Some(&unknown)), Task::Change);
        assert_eq!(Task::of(&Row::Invalid, Some(&account)), Task::Nothing);
    }

    #[test]
    fn nothing_is_sent_for_an_open_account_before_its_user_was_read() {
        let open = Account {
            open: true,
            ..settled()
        };
        assert_eq!(Task::of(&valid(), Some(&open)), Task::Look);
        assert_eq!(Task::of(&Row::Invalid, Some(&open)), Task::Keep);
        assert_eq!(Task::of(&Row::Gone, Some(&open)), Task::Deactivate);
    }

    #[test]
    fn a_linked_user_is_counted_and_never_changed() {
        let linked = Account {
            origin: AccountOrigin::Linked,
            profile_hash: None,
            ..settled()
        };
        assert_eq!(Task::of(&valid(), Some(&linked)), Task::Linked);
        assert_eq!(Task::of(&Row::Gone, Some(&linked)), Task::Nothing);
    }
}
