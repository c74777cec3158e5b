//! Counts before the first write who would lose access, or a user name to somebody else, and finds people whom the CRM gave new
//! GUIDs (docs/ARCHITECTURE.md#guard).

use std::collections::HashSet;

use uuid::Uuid;

use super::super::naming::Subject;
use super::super::step_error::StepError;
use super::sync_users::Values;
use super::sync_users::Wanted;
use super::sync_users::names::{Holder, Names, Right};
use super::sync_users::reader::Page;
use super::sync_users::task::{Policy, Row, Task, Why, has_no_access};
use crate::domain::biller::{BillerCiam, LeaversAllowed};
use crate::domain::reason::Reason;
use crate::domain::tally::{Effect, Tally};
use crate::domain::user_set::Counts;
use crate::store::{Account, PoolOrigin, PoolRecord, StoreError};
use ic_secureauth_api::{Api, PoolId, UserId};

/// As many users may always leave.
const ALWAYS: u64 = 5;

/// The accounts of the biller's pool, as far as earlier runs know it.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Known {
    pub(in super::super) record: PoolRecord,
    values: Values,
    policy: Policy,
}

impl Known {
    /// The accounts of the pool with this id.
    pub(super) async fn of(subject: Subject<'_>, id: &str) -> Result<Option<Self>, StoreError> {
        let record = subject.dependencies.store.pool(subject.biller_id, id).await?;
        Ok(record.map(|record| Self {
            record,
            values: Values::of(subject, record.generation, record.case_insensitive),
            policy: Policy::of(&subject.settings.onboarding),
        }))
    }

    /// The accounts that the biller's next run will find. Those of a found pool that somebody has deleted since are none: the run will
    /// use another pool.
    pub(in super::super) async fn find<Access>(
        subject: Subject<'_>,
        stored: &BillerCiam,
        api: &Api<Access>,
    ) -> Result<Option<Self>, StepError> {
        let stored = stored.identity_pool_id.clone();
        let mut id = stored.unwrap_or_else(|| subject.derived_ids().pool_id().to_string());
        let mut known = Self::of(subject, &id).await?;
        // A first enable that failed stored no pool with the biller, and may have adopted people all the same.
        if known.is_none()
            && let Some(found) = subject.dependencies.store.found_pool(subject.biller_id).await?
        {
            known = Self::of(subject, &found).await?;
            id = found;
        }
        let (Some(known), Ok(id)) = (known, PoolId::parse(&id)) else {
            return Ok(known);
        };
        if known.record.origin == PoolOrigin::Created {
            return Ok(Some(known));
        }
        let pool = api.pool(&id).await?;
        Ok(pool.is_some_and(|pool| !pool.value.deleted).then_some(known))
    }

    pub(super) fn user_id(&self, account: &Account) -> UserId {
        self.values.user_id(account)
    }

    pub(super) fn names<'a>(&'a self, subject: Subject<'a>) -> Names<'a> {
        Names {
            store: subject.dependencies.store.as_ref(),
            biller_id: subject.biller_id,
            pool: self.record.no,
            values: &self.values,
            schema: None,
            run: None,
            with_linked: true,
        }
    }
}

/// A person to whom the CRM gave a new GUID.
#[derive(Debug, Clone)]
pub(in super::super) struct Rekeyed {
    /// The GUID that the CRM does not know any more.
    pub(in super::super) from: Uuid,
    /// The account under the new GUID; its user keeps its id.
    pub(in super::super) account: Account,
    /// Without the new GUID the user would lose access.
    would_leave: bool,
}

/// What is found in all pages.
#[derive(Debug, Default)]
pub(in super::super) struct Leavers {
    /// Users of accounts that are not inactive.
    with_access: u64,
    /// Of these, users whose row is gone or `deleted`.
    without_row: u64,
    /// Users who would get the name of somebody else.
    takers: Vec<Uuid>,
    /// Users with a valid row who were in a found pool before.
    linked: Vec<Uuid>,
    pub(in super::super) rekeyed: Vec<Rekeyed>,
    old_guids: HashSet<Uuid>,
}

impl Leavers {
    pub(super) async fn add(&mut self, page: &Page, known: &Known, names: Names<'_>) -> Result<(), StoreError> {
        let mut takers: Vec<(Wanted, bool)> = Vec::new();
        for user in &page.users {
            let account = user.account.as_ref();
            let row = Row::of(user.row.clone(), &known.values);
            let task = Task::of(&row, account, known.policy);
            let is_left_alone = matches!(task, Task::Linked | Task::ReportLinked);
            let has_access = account.is_some_and(|it| !is_left_alone && !has_no_access(it));
            self.with_access += u64::from(has_access);
            self.without_row += u64::from(has_access && task == Task::Leave(Why::Left));
            let Row::Valid(wanted) = row else { continue };
            if is_left_alone {
                self.linked.push(user.user_guid);
            } else if account.is_none_or(|account| wanted.renames(account)) {
                takers.push((wanted, account.is_none()));
            }
        }
        let wanted: Vec<&Wanted> = takers.iter().map(|(wanted, _)| wanted).collect();
        let holders = names.holders(&wanted).await?;
        for (wanted, is_new) in &takers {
            if let Some(holder) = holders.get(&wanted.user_guid()) {
                self.add_taker(wanted, *is_new, holder, known);
            }
        }
        Ok(())
    }

    /// Somebody is to get a name that another account has. With the same address, and without a row under the old GUID, it is the
    /// same person.
    fn add_taker(&mut self, wanted: &Wanted, is_new: bool, holder: &Holder, known: &Known) {
        let Holder { account, right } = holder;
        if *right == Right::Entitled {
            return;
        }
        if !(is_new && holder.is_of(wanted) && self.old_guids.insert(account.user_guid)) {
            if !known.policy.leaves_alone(account) {
                self.takers.push(wanted.user_guid());
            }
            return;
        }
        if known.policy.leaves_alone(account) {
            self.linked.push(wanted.user_guid());
        }
        let user_id = known.values.user_id(account);
        self.rekeyed.push(Rekeyed {
            from: account.user_guid,
            account: Account {
                user_guid: wanted.user_guid(),
                user_id: Some(user_id.to_string()),
                ..account.clone()
            },
            would_leave: !has_no_access(account)
                && Task::of(&Row::Gone, Some(account), known.policy) == Task::Leave(Why::Left),
        });
    }

    /// Leaves out users with a data error that only all rows together show: they get neither a name nor an account, and do not count as
    /// linked. Which of two rows with one name stands for a person with an old GUID is not known before the CRM is corrected.
    pub(super) fn leave_out(&mut self, invalid: &HashSet<Option<Uuid>>) {
        let is_valid = |user: &Uuid| !invalid.contains(&Some(*user));
        self.takers.retain(is_valid);
        self.linked.retain(is_valid);
        self.rekeyed.retain(|rekeyed| is_valid(&rekeyed.account.user_guid));
    }

    /// How many users are linked.
    pub(super) fn linked(&self) -> u64 {
        self.linked.len() as u64
    }

    /// The first of them.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        let linked = self.linked.iter();
        linked.for_each(|user| tally.name(Effect::Linked, *user));
        tally
    }

    /// Those whom the guard counts.
    pub(in super::super) fn guarded(&self) -> u64 {
        self.left() + self.passed_on()
    }

    /// Names that would pass from one person to another.
    fn passed_on(&self) -> u64 {
        self.takers.len() as u64
    }

    /// A re-keyed person may be found before the page of its old GUID is read, so it is subtracted at the end.
    fn left(&self) -> u64 {
        let rekeyed = self.rekeyed.iter().filter(|rekeyed| rekeyed.would_leave);
        self.without_row.saturating_sub(rekeyed.count() as u64)
    }

    /// Most users whom the guard lets go: five, or the percentage of those with access; more if an operator allows it.
    pub(in super::super) fn limit(&self, percent: u8, allowed: Option<&LeaversAllowed>) -> u64 {
        let share = self.with_access.saturating_mul(u64::from(percent)) / 100;
        let allowed = allowed.map_or(0, |allowed| u64::from(allowed.most));
        ALWAYS.max(share).max(allowed)
    }

    /// Whether the run may go on. An empty view is no reason to end everybody's access, however few they are.
    pub(in super::super) fn verdict(
        &self,
        counts: Counts,
        percent: u8,
        allowed: Option<&LeaversAllowed>,
    ) -> Result<(), StepError> {
        let guarded = self.guarded();
        let is_empty = counts.with_guid() == 0 && guarded > 0;
        let is_allowed = allowed.is_some_and(|allowed| guarded <= u64::from(allowed.most));
        if guarded > self.limit(percent, allowed) || (is_empty && !is_allowed) {
            tracing::error!(
                leavers = self.left(),
                passed_on = self.passed_on(),
                with_access = self.with_access,
                "too many users would leave; `allow-leavers` allows it"
            );
            return Err(StepError::permanent(Reason::TooManyLeavers).because(self.why_too_many(counts)));
        }
        Ok(())
    }

    fn why_too_many(&self, counts: Counts) -> String {
        format!(
            "of {} users with access {} would lose it, and {} names would pass to somebody else; the view has {} rows with a GUID; \
             `allow-leavers <billerId> {} --by <name>` lets that happen once",
            self.with_access,
            self.left(),
            self.passed_on(),
            counts.with_guid(),
            self.guarded(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leavers(left: u64, with_access: u64) -> Leavers {
        Leavers {
            with_access,
            without_row: left,
            ..Leavers::default()
        }
    }

    fn rows(total: u64) -> Counts {
        Counts {
            total,
            ..Counts::default()
        }
    }

    #[test]
    fn five_may_leave_and_six_only_if_they_are_few_of_many() {
        assert!(leavers(5, 6).verdict(rows(1), 10, None).is_ok());
        assert!(leavers(6, 6).verdict(rows(1), 10, None).is_err());
        assert!(leavers(6, 60).verdict(rows(54), 10, None).is_ok());
        assert!(leavers(7, 60).verdict(rows(53), 10, None).is_err());
    }

    #[test]
    fn names_that_pass_on_count_as_well() {
        let found = Leavers {
            takers: [1, 2, 3].map(Uuid::from_u128).into(),
            ..leavers(3, 20)
        };
        assert!(found.verdict(rows(17), 10, None).is_err());
    }

    #[test]
    fn an_empty_view_ends_nobodys_access_unless_an_operator_allows_it() {
        assert!(leavers(1, 1).verdict(rows(0), 10, None).is_err());
        assert!(leavers(0, 0).verdict(rows(0), 10, None).is_ok());
        let allowed = LeaversAllowed {
            most: 1,
            by: "somebody".into(),
        };
        assert!(leavers(1, 1).verdict(rows(0), 10, Some(&allowed)).is_ok());
        assert!(leavers(2, 2).verdict(rows(0), 10, Some(&allowed)).is_err());
    }

    #[test]
    fn a_view_without_any_guid_is_as_empty() {
        let counts = Counts {
            without_guid: 3,
            ..rows(3)
        };
        assert!(leavers(1, 3).verdict(counts, 10, None).is_err());
    }

    #[test]
    fn an_operator_allows_a_number_and_no_more() {
        let allowed = LeaversAllowed {
            most: 40,
            by: "somebody".into(),
        };
        assert!(leavers(40, 100).verdict(rows(60), 10, Some(&allowed)).is_ok());
        assert!(leavers(41, 100).verdict(rows(59), 10, Some(&allowed)).is_err());
    }
}
