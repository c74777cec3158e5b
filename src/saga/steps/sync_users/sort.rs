//! Sorts the users of a page by what they need: the second half of the producer.

use super::claim::Claim;
use super::conflict::Part;
use super::doubt::Doubted;
use super::names::{Holder, Right};
use super::person::{Person, Wanted};
use super::producer::{End, Producer};
use super::reader::{Page, UserInPage};
use super::settle::Event;
use super::settled::Settled;
use super::task::{Row, Task, Why, has_no_access};
use super::work::{Leaver, Work};
use crate::domain::issue::{Field, Issue};
use crate::store::{Account, AccountOrigin, PoolUser, StoreError};
use ic_secureauth_api::DerivedIds;

/// The work of one page.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) join: Vec<Person>,
    pub(super) look: Vec<Person>,
    pub(super) others: Vec<Work>,
    pub(super) settled: Vec<Settled>,
    /// Opened, and brought in line by a later pass, when their user names are free.
    pub(super) waiting: Vec<Account>,
    /// Users of `others` whom the guard counts.
    pub(super) leavers: u64,
}

impl Producer<'_> {
    pub(super) async fn sort(&self, page: Page, number: u32, leavers: &mut u64) -> Result<(Sorted, Event), End> {
        let mut sorted = Sorted::default();
        let mut strangers = Vec::new();
        let is_whole_view = page.is_empty_view && page.last.is_none();
        let doubted = self.doubted(&page).await?;
        for user in page.users {
            let is_doubted = doubted.contains(&user.user_guid);
            self.sort_user(user, is_doubted, number, &mut sorted, &mut strangers);
        }
        *leavers += sorted.leavers;
        if is_whole_view {
            self.target.guard.allows_all(sorted.leavers)?;
        }
        self.target.guard.allows(*leavers)?;
        let strangers = self.with_free_ids(strangers, &mut sorted).await?;
        let strangers = self.without_holders(strangers, &mut sorted).await?;
        if self.target.created {
            sorted
                .join
                .extend(strangers.into_iter().map(|wanted| self.joiner(number, wanted)));
        } else {
            self.sort_strangers(strangers, number, &mut sorted).await?;
        }
        let open = sorted.join.len() + sorted.look.len() + sorted.others.len() + sorted.waiting.len();
        for issue in page.issues {
            sorted.settled.push(Settled::issue(issue));
        }
        let event = Event::Page {
            number,
            last: page.last,
            open,
            settled: std::mem::take(&mut sorted.settled),
        };
        Ok((sorted, event))
    }

    fn sort_user(
        &self,
        user: UserInPage,
        is_doubted: bool,
        page: u32,
        sorted: &mut Sorted,
        strangers: &mut Vec<Wanted>,
    ) {
        let guid = user.user_guid;
        let row = Row::of(user.row, &self.target.values);
        let account = user.account.map(|account| self.target.policy.seen(account));
        let task = Task::of(&row, account.as_ref(), self.target.policy);
        let issue = task.code(&row).map(|code| Issue::of(Some(guid), Field::Status, code));
        let is_left_alone = |account: &Account| task == Task::ReportLeaver || self.target.policy.leaves_alone(account);
        let is_looked_for_first = is_doubted && task != Task::Keep && account.as_ref().is_some_and(is_left_alone);
        if task != Task::Keep && !is_looked_for_first {
            sorted.settled.extend(issue.clone().map(Settled::issue));
        }
        match (task, row, account) {
            (_, row, Some(account)) if is_looked_for_first => sorted.others.push(Work::Find(Doubted {
                page,
                account,
                row,
                issue,
            })),
            (Task::UpToDate | Task::Change, Row::Valid(wanted), Some(account)) if is_doubted => {
                sorted.look.push(Person { page, wanted, account });
            }
            (Task::Join, Row::Valid(wanted), _) => strangers.push(wanted),
            (Task::Look, Row::Valid(wanted), Some(account)) => sorted.look.push(Person { page, wanted, account }),
            (Task::Change, Row::Valid(wanted), Some(account)) => {
                sorted.others.push(Work::Change(Person { page, wanted, account }));
            }
            (Task::Keep, _, Some(account)) => {
                let issue = issue.filter(|_| account.origin == AccountOrigin::Imported);
                sorted.others.push(Work::Keep { page, account, issue });
            }
            (Task::Leave(why), _, Some(account)) => {
                sorted.leavers += u64::from(why == Why::Left && !has_no_access(&account));
                sorted.others.push(Work::Leave(Leaver { page, account, why }));
            }
            _ => {}
        }
    }

    fn joiner(&self, page: u32, wanted: Wanted) -> Person {
        Person {
            page,
            account: wanted.new_account(self.target.run),
            wanted,
        }
    }

    /// Reports the users without an account whose ids are those of other people, who had their GUIDs before: an import would replace
    /// these people.
    async fn with_free_ids(&self, strangers: Vec<Wanted>, sorted: &mut Sorted) -> Result<Vec<Wanted>, StoreError> {
        if self.target.created {
            return Ok(strangers);
        }
        let holders = self.target.holders_of_derived(strangers.iter()).await?;
        let mut free = Vec::new();
        for wanted in strangers {
            let user = wanted.user_guid();
            match holders.get(&user) {
                None => free.push(wanted),
                Some(other) => {
                    let issue = Issue::held(user, Field::UserGuid, other.to_string());
                    sorted.settled.push(Settled::issue(issue));
                }
            }
        }
        Ok(free)
    }

    /// Sets aside the users whose user names other accounts have, and returns the users without an account whose names are
    /// free. A name of somebody entitled to it is a data error, and so is one's own under an old GUID, which only the next check gives
    /// the new one; any other name is claimed, and its taker waits, open.
    async fn without_holders(&self, strangers: Vec<Wanted>, sorted: &mut Sorted) -> Result<Vec<Wanted>, StoreError> {
        if self.target.created {
            return Ok(strangers);
        }
        let changed = sorted.others.iter().filter_map(Work::renamed);
        let looked_at = sorted.look.iter().map(|person| &person.wanted);
        let takers: Vec<&Wanted> = strangers.iter().chain(changed).chain(looked_at).collect();
        let holders = self.target.names().holders(&takers).await?;
        if holders.is_empty() {
            return Ok(strangers);
        }
        let mut free = Vec::new();
        for wanted in strangers {
            match holders.get(&wanted.user_guid()) {
                None => free.push(wanted),
                Some(holder) if holder.right == Right::Entitled || holder.is_of(&wanted) => {
                    sorted.settled.push(Settled::issue(wanted.held_by(holder)));
                }
                Some(holder) => {
                    let taker = wanted.unknown_account();
                    self.claim(&wanted, &taker, holder);
                    sorted.waiting.push(taker);
                }
            }
        }
        let others = std::mem::take(&mut sorted.others);
        for work in others {
            match work.renamed().and_then(|wanted| holders.get(&wanted.user_guid())) {
                Some(holder) => self.set_aside(work, holder, sorted),
                None => sorted.others.push(work),
            }
        }
        let looks = std::mem::take(&mut sorted.look);
        for person in looks {
            match holders.get(&person.account.user_guid) {
                Some(holder) if Self::has_to_wait(&person.wanted, holder) => {
                    self.claim(&person.wanted, &person.account, holder);
                    sorted.waiting.push(person.opened());
                }
                _ => sorted.look.push(person),
            }
        }
        Ok(free)
    }

    fn claim(&self, wanted: &Wanted, taker: &Account, holder: &Holder) {
        let claim = Claim::of(Part::UserName, wanted, taker.clone(), holder.account.clone());
        self.target.flow.claim(claim);
    }

    /// A change whose new user name another account has. Without a right to it, the rest of the change is still made.
    fn set_aside(&self, work: Work, holder: &Holder, sorted: &mut Sorted) {
        let Work::Change(person) = work else {
            sorted.others.push(work);
            return;
        };
        if Self::has_to_wait(&person.wanted, holder) {
            self.claim(&person.wanted, &person.account, holder);
            sorted.waiting.push(person.opened());
        } else {
            sorted.others.push(Work::Change(person));
        }
    }

    /// Whoever is to have no access loses it at once, and claims the name afterwards.
    fn has_to_wait(wanted: &Wanted, holder: &Holder) -> bool {
        holder.right != Right::Entitled && !wanted.is_inactive()
    }

    /// Users without an account in a pool that this run did not create: the pool may hold them all the same, or somebody else
    /// under their user names.
    async fn sort_strangers(&self, strangers: Vec<Wanted>, page: u32, sorted: &mut Sorted) -> Result<(), StoreError> {
        if strangers.is_empty() {
            return Ok(());
        }
        let keys: Vec<PoolUser> = strangers
            .iter()
            .map(|wanted| wanted.keys(&self.target.values))
            .collect();
        let held = self.store.pool_users_before(self.target.run, &keys).await?;
        let ids: Vec<String> = held.values().cloned().collect();
        let mut accounts = self.target.holders_by_id(&ids).await?;
        let mut opened = Vec::new();
        for (wanted, key) in strangers.into_iter().zip(keys) {
            let user = wanted.user_guid();
            let Some(holder) = held.get(&key.user_id) else {
                sorted.join.push(self.joiner(page, wanted));
                continue;
            };
            let is_free = !accounts.contains_key(holder);
            let is_own_id = *holder == key.user_id;
            if self.target.is_found() && is_free && (is_own_id || !DerivedIds::may_be_user_id(holder)) {
                accounts.insert(holder.clone(), user);
                let row = Row::Valid(wanted.clone());
                let known = self.target.known(user, &row, holder.clone());
                if known.account.open {
                    let account = known.account;
                    opened.push(account.clone());
                    sorted.look.push(Person { page, wanted, account });
                } else {
                    sorted.settled.push(Settled::known(None, &row, known));
                }
            } else {
                // The pool is asked, because this run may have renamed the holder since the users were listed.
                let account = wanted.unknown_account();
                opened.push(account.clone());
                sorted.look.push(Person { page, wanted, account });
            }
        }
        self.open(opened).await
    }
}
