//! Reads ahead, opens the accounts that calls will touch, and hands out the work.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::SendError;

use super::super::super::step_error::StepError;
use super::doubt::Doubt;
use super::person::Person;
use super::reader::Reader;
use super::settle::Event;
use super::sort::Sorted;
use super::target::Target;
use super::work::Work;
use crate::store::{Account, AccountChanges, Batch, GuidRange, Store, StoreError};
use ic_secureauth_api::MAX_CHUNK_USERS;

/// The first of the three tasks of a pass.
pub(super) struct Producer<'a> {
    pub(super) target: &'a Target,
    pub(super) store: Arc<dyn Store>,
    /// Users that left, as far as the run has recorded them.
    pub(super) leavers_before: u64,
    /// The run has issues, so the users with issues are read too.
    pub(super) has_issues: bool,
    pub(super) doubt: &'a Doubt,
    pub(super) works: Sender<Work>,
    pub(super) events: Sender<Event>,
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
        let looked_at = sorted.look.iter();
        let looked_at = looked_at.filter_map(|person| Some(person.opened()).filter(|opened| *opened != person.account));
        self.open(opened.chain(looked_at).chain(sorted.waiting).collect())
            .await?;
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

    pub(super) async fn open(&self, accounts: Vec<Account>) -> Result<(), StoreError> {
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
}

/// Why the producer ends early.
pub(super) enum End {
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
