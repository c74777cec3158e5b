//! Reads ahead, opens the accounts that calls will touch, and hands out the work.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::SendError;

use super::super::super::failure::StepError;
use super::person::{Person, Wanted};
use super::reader::{CrmRow, Page, Reader, UserInPage};
use super::settle::{Event, Settled};
use super::target::Target;
use super::task::{Row, Task};
use super::window::Work;
use crate::domain::issue::{Code, Field, Issue};
use crate::store::{Account, AccountChanges, AccountOrigin, Batch, GuidRange, PoolUser, Store, StoreError, ValueHash};
use ic_secureauth_api::MAX_CHUNK_USERS;

/// The first of the three tasks of a pass.
pub(super) struct Producer<'a> {
    pub(super) target: &'a Target,
    pub(super) store: Arc<dyn Store>,
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
                Err(error.into())
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
        let mut rest = Some(range);
        let mut number = 0;
        while let Some(range) = rest {
            if self.target.flow.is_stopping() {
                return Err(End::Stopped);
            }
            let page = reader.page(range).await?;
            rest = page.rest(range);
            let sorted = self.sort(page, number).await?;
            number += 1;
            self.send(sorted, &mut joiners, rest.is_none()).await?;
        }
        Ok(())
    }

    /// Announces the page, then hands out its work. Joiners of several pages share a chunk.
    async fn send(&self, sorted: (Sorted, Event), joiners: &mut Vec<Person>, is_last: bool) -> Result<(), End> {
        let (sorted, page) = sorted;
        self.events.send(page).await.map_err(|_| End::Stopped)?;
        if !sorted.settled.is_empty() {
            let settled = Event::Settled(sorted.settled);
            self.events.send(settled).await.map_err(|_| End::Stopped)?;
        }
        self.open(sorted.others.iter().filter_map(Work::opened).collect())
            .await?;
        self.hand_over(sorted.others).await?;
        let looks = chunks(sorted.look).map(|people| Work::join(people, true));
        self.hand_over(looks.collect()).await?;
        joiners.extend(sorted.join);
        while joiners.len() >= MAX_CHUNK_USERS || (is_last && !joiners.is_empty()) {
            if self.target.flow.is_stopping() {
                return Err(End::Stopped);
            }
            let people: Vec<Person> = joiners.drain(..joiners.len().min(MAX_CHUNK_USERS)).collect();
            self.open(people.iter().map(|person| person.account.clone()).collect())
                .await?;
            self.hand_over(vec![Work::join(people, false)]).await?;
        }
        Ok(())
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

    async fn sort(&self, page: Page, number: u32) -> Result<(Sorted, Event), StoreError> {
        let mut sorted = Sorted::default();
        let mut strangers = Vec::new();
        for user in page.users {
            self.sort_user(user, number, &mut sorted, &mut strangers);
        }
        if self.target.created {
            sorted
                .join
                .extend(strangers.into_iter().map(|wanted| self.joiner(number, wanted)));
        } else {
            self.sort_strangers(strangers, number, &mut sorted).await?;
        }
        let open = sorted.join.len() + sorted.look.len() + sorted.others.len();
        for issue in page.issues {
            sorted.settled.push(Settled::issue(issue));
        }
        let event = Event::Page {
            number,
            last: page.last,
            open,
        };
        Ok((sorted, event))
    }

    fn sort_user(&self, user: UserInPage, page: u32, sorted: &mut Sorted, strangers: &mut Vec<Wanted>) {
        let row = match user.row {
            CrmRow::Valid(user) => Row::Valid(self.target.values.wanted(user)),
            CrmRow::Invalid => Row::Invalid,
            CrmRow::Gone => Row::Gone,
        };
        let task = Task::of(&row, user.account.as_ref());
        match (task, row, user.account) {
            (Task::Join, Row::Valid(wanted), _) => strangers.push(wanted),
            (Task::Linked, _, _) => sorted.settled.push(Settled::linked()),
            (Task::Look, Row::Valid(wanted), Some(account)) => sorted.look.push(Person { page, wanted, account }),
            (Task::Change, Row::Valid(wanted), Some(account)) => {
                sorted.others.push(Work::Change(Person { page, wanted, account }));
            }
            (Task::Keep, _, Some(account)) => sorted.others.push(Work::Keep { page, account }),
            (Task::Deactivate, _, Some(account)) => sorted.others.push(Work::Deactivate { page, account }),
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
        let mut blocked = Vec::new();
        for (wanted, key) in strangers.into_iter().zip(keys) {
            match held.get(&key.user_id) {
                None => sorted.join.push(self.joiner(page, wanted)),
                Some(holder) if self.target.is_found() => {
                    sorted.settled.push(Settled::link(wanted.user_guid(), holder.clone()));
                }
                Some(holder) if *holder == key.user_id => {
                    let account = Account {
                        created_by: None,
                        name_hash: None,
                        address_hash: None,
                        profile_hash: None,
                        status_sent: None,
                        origin: AccountOrigin::Imported,
                        ..wanted.new_account(self.target.run)
                    };
                    self.open(vec![account.clone()]).await?;
                    sorted.look.push(Person { page, wanted, account });
                }
                Some(holder) => blocked.push((wanted, holder.clone())),
            }
        }
        self.report_held(blocked, sorted).await
    }

    /// A user name that another user of the pool has is a data error.
    async fn report_held(&self, blocked: Vec<(Wanted, String)>, sorted: &mut Sorted) -> Result<(), StoreError> {
        if blocked.is_empty() {
            return Ok(());
        }
        let names: Vec<ValueHash> = blocked.iter().filter_map(|(wanted, _)| wanted.hashes().name).collect();
        let accounts: HashMap<ValueHash, Account> = self.store.accounts_by_name(self.target.record.no, &names).await?;
        for (wanted, holder) in blocked {
            let account = wanted.hashes().name.and_then(|name| accounts.get(&name));
            let held_by = account.map_or(holder, |account| account.user_guid.to_string());
            sorted.settled.push(Settled::issue(Issue {
                held_by: Some(held_by),
                ..Issue::of(Some(wanted.user_guid()), Field::UserName, Code::Held)
            }));
        }
        Ok(())
    }
}

/// Why the producer ends early.
enum End {
    Stopped,
    Failed(StoreError),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

fn chunks(people: Vec<Person>) -> impl Iterator<Item = Vec<Person>> {
    let mut people = people.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<Person> = people.by_ref().take(MAX_CHUNK_USERS).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}
