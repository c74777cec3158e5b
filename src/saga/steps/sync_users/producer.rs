//! Reads ahead, opens the accounts that calls will touch, and hands out the work.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::SendError;

use super::super::super::failure::StepError;
use super::claim::Claim;
use super::names::{Holder, Right};
use super::person::{Person, Wanted};
use super::reader::{CrmRow, Page, Reader, UserInPage};
use super::settle::Event;
use super::settled::Settled;
use super::target::Target;
use super::task::{Row, Task, Why};
use super::window::{Leaver, Work};
use crate::domain::issue::{Code, Field, Issue};
use crate::store::{Account, AccountChanges, Batch, GuidRange, PoolUser, Store, StoreError};
use ic_secureauth_api::MAX_CHUNK_USERS;

/// The first of the three tasks of a pass.
pub(super) struct Producer<'a> {
    pub(super) target: &'a Target,
    pub(super) store: Arc<dyn Store>,
    /// Users that left, as far as the run has recorded them.
    pub(super) leavers_before: u64,
    /// The run has issues, so the users with issues are read too.
    pub(super) has_issues: bool,
    pub(super) works: Sender<Work>,
    pub(super) events: Sender<Event>,
}

/// The work of one page.
#[derive(Default)]
struct Sorted {
    join: Vec<Person>,
    look: Vec<Person>,
    others: Vec<Work>,
    settled: Vec<Settled>,
    /// Opened, and brought in line by a later pass, when their user names are free.
    waiting: Vec<Account>,
    /// Users of `others` whom the guard counts.
    leavers: u64,
}

impl Producer<'_> {
    /// Goes through the range until its end, or until the pass stops.
    pub(super) async fn run(self, range: GuidRange) -> Result<(), StepError> {
        match self.hand_out(range).await {
            Ok(()) => Ok(()),
            Err(End::Stopped) => {
                self.target.flow.cut();
                Ok(())
            }
            Err(End::Failed(error)) => {
                self.target.flow.stop();
                Err(error)
            }
        }
    }

    async fn hand_out(&self, range: GuidRange) -> Result<(), End> {
        let reader = Reader {
            store: self.store.as_ref(),
            biller_id: &self.target.biller_id,
            pool: Some(self.target.record.no),
            run: self.has_issues.then_some(self.target.run),
            schema: Some(&self.target.schema),
            limit: self.target.users_per_page,
        };
        let mut joiners = Vec::new();
        let mut leavers = self.leavers_before;
        let mut rest = Some(range);
        let mut number = 0;
        while let Some(range) = rest {
            if self.target.flow.is_stopping() {
                return Err(End::Stopped);
            }
            let page = reader.page(range).await?;
            rest = page.rest(range);
            let sorted = self.sort(page, number, &mut leavers).await?;
            number += 1;
            self.send(sorted, &mut joiners, rest.is_none()).await?;
        }
        Ok(())
    }

    /// Announces the page, opens its accounts in one transaction, and hands out its work. Joiners of several pages share a chunk.
    async fn send(&self, sorted: (Sorted, Event), joiners: &mut Vec<Person>, is_last: bool) -> Result<(), End> {
        let (sorted, page) = sorted;
        self.events.send(page).await.map_err(|_| End::Stopped)?;
        let opened = sorted.others.iter().filter_map(Work::opened);
        self.open(opened.chain(sorted.waiting).collect()).await?;
        self.hand_over(sorted.others).await?;
        let looks = chunks(sorted.look).map(|people| Work::join(people, true));
        self.hand_over(looks.collect()).await?;
        joiners.extend(sorted.join);
        let kept = if is_last { 0 } else { joiners.len() % MAX_CHUNK_USERS };
        let people: Vec<Person> = joiners.drain(..joiners.len() - kept).collect();
        if people.is_empty() {
            return Ok(());
        }
        if self.target.flow.is_stopping() {
            return Err(End::Stopped);
        }
        self.open(people.iter().map(|person| person.account.clone()).collect())
            .await?;
        let joins = chunks(people).map(|people| Work::join(people, false));
        self.hand_over(joins.collect()).await
    }

    /// Gives the works to the window. If it has stopped, accounts that were opened for them are settled as they were.
    async fn hand_over(&self, works: Vec<Work>) -> Result<(), End> {
        let mut left = Vec::new();
        for work in works {
            if !left.is_empty() || self.works.is_closed() {
                left.extend(work.left());
            } else if let Err(SendError(work)) = self.works.send(work).await {
                left.extend(work.left());
            }
        }
        if !self.works.is_closed() {
            return Ok(());
        }
        let _ = self.events.send(Event::Settled(left)).await;
        Err(End::Stopped)
    }

    async fn open(&self, accounts: Vec<Account>) -> Result<(), StoreError> {
        if accounts.is_empty() {
            return Ok(());
        }
        let changes = AccountChanges {
            put: accounts,
            ..AccountChanges::of(self.target.record.no)
        };
        let batch = Batch {
            accounts: Some(changes),
            ..Batch::default()
        };
        self.store.write(&self.target.lease, &batch).await
    }

    async fn sort(&self, page: Page, number: u32, leavers: &mut u64) -> Result<(Sorted, Event), End> {
        let mut sorted = Sorted::default();
        let mut strangers = Vec::new();
        let is_whole_view = page.is_empty_view && page.last.is_none();
        for user in page.users {
            self.sort_user(user, number, &mut sorted, &mut strangers);
        }
        *leavers += sorted.leavers;
        if is_whole_view {
            self.target.guard.allows_all(sorted.leavers)?;
        }
        self.target.guard.allows(*leavers)?;
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

    fn sort_user(&self, user: UserInPage, page: u32, sorted: &mut Sorted, strangers: &mut Vec<Wanted>) {
        let guid = user.user_guid;
        let row = match user.row {
            CrmRow::Valid(user) => Row::Valid(self.target.values.wanted(user)),
            CrmRow::Invalid { is_barred } => Row::Invalid { is_barred },
            CrmRow::Gone => Row::Gone,
        };
        let report = |code| Settled::issue(Issue::of(Some(guid), Field::Status, code));
        let task = Task::of(&row, user.account.as_ref(), self.target.policy);
        match (task, row, user.account) {
            (Task::Join, Row::Valid(wanted), _) => strangers.push(wanted),
            (Task::ReportLinked, _, _) => sorted.settled.push(report(Code::NotAdopted)),
            (Task::ReportLeaver, _, _) => sorted.settled.push(report(Code::Left)),
            (Task::Look, Row::Valid(wanted), Some(account)) => sorted.look.push(Person { page, wanted, account }),
            (Task::Change, Row::Valid(wanted), Some(account)) => {
                sorted.others.push(Work::Change(Person { page, wanted, account }));
            }
            (Task::Keep, _, Some(account)) => sorted.others.push(Work::Keep { page, account }),
            (Task::Leave(why), _, Some(account)) => {
                sorted.leavers += u64::from(why == Why::Left);
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

    /// Sets aside the users whose user names other accounts have, and returns the users without an account whose names are
    /// free. A name of somebody entitled to it is a data error; any other name is claimed, and its taker waits, open.
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
                Some(holder) if holder.right == Right::Entitled => {
                    sorted.settled.push(Settled::issue(wanted.held_by(holder)));
                }
                Some(holder) => {
                    self.target.flow.claim(Claim::of_name(&wanted, holder));
                    sorted.waiting.push(wanted.unknown_account());
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
                Some(holder) if holder.right != Right::Entitled => {
                    self.target.flow.claim(Claim::of_name(&person.wanted, holder));
                    sorted.waiting.push(person.account);
                }
                _ => sorted.look.push(person),
            }
        }
        Ok(free)
    }

    /// A change whose new user name another account has. Without a right to it, the rest of the change is still made.
    fn set_aside(&self, work: Work, holder: &Holder, sorted: &mut Sorted) {
        let Work::Change(person) = work else {
            sorted.others.push(work);
            return;
        };
        if holder.right == Right::Entitled {
            sorted.others.push(Work::Change(person));
        } else {
            self.target.flow.claim(Claim::of_name(&person.wanted, holder));
            sorted.waiting.push(Account {
                open: true,
                ..person.account
            });
        }
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
        let mut opened = Vec::new();
        for (wanted, key) in strangers.into_iter().zip(keys) {
            match held.get(&key.user_id) {
                None => sorted.join.push(self.joiner(page, wanted)),
                Some(holder) if self.target.is_found() => {
                    let link = Settled::link(wanted.user_guid(), holder.clone());
                    if wanted.is_inactive() {
                        sorted.settled.push(Settled::issue(Issue::of(
                            Some(wanted.user_guid()),
                            Field::Status,
                            Code::NotAdopted,
                        )));
                    }
                    sorted.settled.push(link);
                }
                Some(holder) if *holder == key.user_id => {
                    let account = wanted.unknown_account();
                    opened.push(account.clone());
                    sorted.look.push(Person { page, wanted, account });
                }
                Some(holder) => {
                    let user = wanted.user_guid();
                    let issue = Issue::held(user, Field::UserName, holder.clone());
                    sorted.settled.push(Settled::issue(issue));
                }
            }
        }
        self.open(opened).await
    }
}

/// Why the producer ends early.
enum End {
    Stopped,
    Failed(StepError),
}

impl<E: Into<StepError>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn chunks(people: Vec<Person>) -> impl Iterator<Item = Vec<Person>> {
    let mut people = people.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<Person> = people.by_ref().take(MAX_CHUNK_USERS).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}
