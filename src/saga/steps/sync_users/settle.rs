//! Records what came of the calls: accounts, issues, counts and the cursor, in one transaction for all that is there.

use std::collections::{HashMap, HashSet, VecDeque};

use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;
use uuid::Uuid;

use super::super::super::failure::StepError;
use super::super::super::run_context::RunContext;
use super::super::check_users;
use super::person::Person;
use super::target::Target;
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::run::Progress;
use crate::store::{Account, AccountChanges, AccountOrigin, Batch, Cursor};

/// What the other two tasks of a pass report.
pub(super) enum Event {
    /// A page was read, before any of its users is reported.
    Page {
        number: u32,
        /// Its last GUID; `None`: it is the last page.
        last: Option<Uuid>,
        /// Users of the page that have work to be done.
        open: usize,
    },
    Settled(Vec<Settled>),
}

/// What came of one user.
pub(super) struct Settled {
    /// The page that has one user less to wait for.
    page: Option<u32>,
    fate: Fate,
    count: Count,
    issue: Option<Issue>,
}

/// What becomes of the account.
enum Fate {
    Nothing,
    Settle(Uuid),
    Put(Account),
    Remove(Uuid),
}

/// The count that grows by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Nothing,
    Imported,
    Changed,
    Deactivated,
    Linked,
}

impl Settled {
    fn new(page: Option<u32>, fate: Fate, count: Count) -> Self {
        Self {
            page,
            fate,
            count,
            issue: None,
        }
    }

    /// SecureAuth accepted the import, and the account holds what was sent.
    pub(super) fn imported(person: &Person) -> Self {
        let fate = Fate::Settle(person.account.user_guid);
        Self::new(Some(person.page), fate, Count::Imported)
    }

    /// The account holds what SecureAuth has now.
    pub(super) fn with(page: u32, account: Account, count: Count) -> Self {
        let settled = Account { open: false, ..account };
        Self::new(Some(page), Fate::Put(settled), count)
    }

    /// Nobody has the account any more.
    pub(super) fn gone(page: u32, guid: Uuid) -> Self {
        Self::new(Some(page), Fate::Remove(guid), Count::Nothing)
    }

    /// SecureAuth refuses the user's data: a data error. A user who was to be imported has no account.
    pub(super) fn refused(person: &Person) -> Self {
        let guid = person.account.user_guid;
        Self {
            issue: Some(Issue::of(Some(guid), Field::User, Code::Refused)),
            ..Self::gone(person.page, guid)
        }
    }

    /// Somebody else in the pool has the user name: a data error.
    pub(super) fn held(person: &Person, held_by: String) -> Self {
        let guid = person.account.user_guid;
        Self {
            issue: Some(Issue {
                held_by: Some(held_by),
                ..Issue::of(Some(guid), Field::UserName, Code::Held)
            }),
            ..Self::gone(person.page, guid)
        }
    }

    /// SecureAuth refuses a change: the account is settled as it was, so that the next run tries again.
    pub(super) fn change_refused(page: u32, account: Account) -> Self {
        let guid = account.user_guid;
        Self {
            issue: Some(Issue::of(Some(guid), Field::User, Code::Refused)),
            ..Self::with(page, account, Count::Nothing)
        }
    }

    /// The user is linked, found under the name or the id of the work's user.
    pub(super) fn linked_instead(person: &Person, holder: String) -> Self {
        Self {
            page: Some(person.page),
            ..Self::link(person.account.user_guid, holder)
        }
    }

    /// A user that the found pool held before. `holder`: its id.
    pub(super) fn link(user_guid: Uuid, holder: String) -> Self {
        let account = Account {
            user_guid,
            user_id: Some(holder),
            origin: AccountOrigin::Linked,
            open: false,
            created_by: None,
            name_hash: None,
            address_hash: None,
            profile_hash: None,
            status_sent: None,
        };
        Self::new(None, Fate::Put(account), Count::Linked)
    }

    /// An account that is linked already.
    pub(super) fn linked() -> Self {
        Self::new(None, Fate::Nothing, Count::Linked)
    }

    /// A data error of a row.
    pub(super) fn issue(issue: Issue) -> Self {
        Self {
            issue: Some(issue),
            ..Self::new(None, Fate::Nothing, Count::Nothing)
        }
    }

    /// The import was not begun.
    pub(super) fn forgotten(guid: Uuid) -> Self {
        Self::new(None, Fate::Remove(guid), Count::Nothing)
    }

    /// The change was not begun.
    pub(super) fn unchanged(account: Account) -> Self {
        Self::new(None, Fate::Put(account), Count::Nothing)
    }
}

/// The pages between the cursor and the newest page.
#[derive(Default)]
struct Pages {
    /// Number and end of each page, in order.
    order: VecDeque<(u32, Option<Uuid>)>,
    open: HashMap<u32, usize>,
}

impl Pages {
    /// The end of the last page before which every page is settled.
    fn settled_up_to(&mut self) -> Option<Uuid> {
        let mut reached = None;
        while let Some((number, last)) = self.order.front()
            && self.open.get(number) == Some(&0)
        {
            reached = last.or(reached);
            self.open.remove(number);
            self.order.pop_front();
        }
        reached
    }

    fn one_less(&mut self, page: u32) {
        if let Some(open) = self.open.get_mut(&page) {
            *open = open.saturating_sub(1);
        }
    }
}

/// The third of the three tasks of a pass: ends after the other two. When the database fails, the pass stops and the rest
/// stays open.
pub(super) async fn run(
    context: &mut RunContext<'_>,
    target: &Target,
    mut events: Receiver<Event>,
    moves_cursor: bool,
) -> Result<(), StepError> {
    let mut pages = Pages::default();
    let mut recorded = Ok(());
    let mut verdict = Ok(());
    let mut arrived = Vec::new();
    let mut next_look = Instant::now() + context.times().short_slice;
    while events.recv_many(&mut arrived, super::EVENTS).await > 0 {
        let (batch, new_issues) = collect(context, target, &mut pages, arrived.drain(..), moves_cursor);
        if recorded.is_err() {
            continue;
        }
        if let Err(error) = record(context, batch, new_issues, &mut verdict).await {
            recorded = Err(error);
        }
        if recorded.is_err() || verdict.is_err() {
            target.flow.stop();
        } else if Instant::now() >= next_look {
            next_look = Instant::now() + context.times().short_slice;
            recorded = let_others_go_first(context, target).await;
        }
    }
    recorded?;
    verdict
}

/// Ends the time slice if other runs are queued (docs/decisions.md#short-time-slices).
async fn let_others_go_first(context: &mut RunContext<'_>, target: &Target) -> Result<(), StepError> {
    if context.store().others_wait(context.run.id).await? {
        context.time_slice_end = Instant::now();
        target.flow.stop();
    }
    Ok(())
}

fn collect(
    context: &RunContext<'_>,
    target: &Target,
    pages: &mut Pages,
    events: impl Iterator<Item = Event>,
    moves_cursor: bool,
) -> (Batch, u64) {
    let mut changes = AccountChanges::of(target.record.no);
    let mut progress = context.run.progress;
    let mut issues = Vec::new();
    let mut is_progress = false;
    for event in events {
        let settled = match event {
            Event::Page { number, last, open } => {
                pages.order.push_back((number, last));
                pages.open.insert(number, open);
                continue;
            }
            Event::Settled(settled) => settled,
        };
        for Settled {
            page,
            fate,
            count,
            issue,
        } in settled
        {
            match fate {
                Fate::Nothing => {}
                Fate::Settle(guid) => changes.settled.push(guid),
                Fate::Put(account) => changes.put.push(account),
                Fate::Remove(guid) => changes.removed.push(guid),
            }
            if let Some(page) = page {
                pages.one_less(page);
                is_progress = true;
            }
            progress.add(count);
            issues.extend(issue);
        }
    }
    let cursor = pages.settled_up_to().filter(|_| moves_cursor).map(Cursor::At);
    let users: HashSet<Option<Uuid>> = issues.iter().map(|issue| issue.user_guid).collect();
    let new_issues = users.len() as u64;
    let batch = Batch {
        accounts: Some(changes),
        issues_total: Some(context.run.issues_total + issues.len() as u64),
        issues,
        progress: Some(progress),
        is_progress: is_progress || cursor.is_some(),
        cursor,
        ..Batch::default()
    };
    (batch, new_issues)
}

/// Writes the batch. Data errors are counted as skipped while `ON_INVALID_USER` accepts them, else as failed.
async fn record(
    context: &mut RunContext<'_>,
    mut batch: Batch,
    new_issues: u64,
    verdict: &mut Result<(), StepError>,
) -> Result<(), StepError> {
    if new_issues > 0 {
        let mut progress = batch.progress.unwrap_or(context.run.progress);
        let known = super::invalid(context);
        let now = check_users::verdict(known + new_issues, progress.users_total, context.settings());
        if now.is_ok() {
            progress.skipped += new_issues;
        } else {
            progress.failed += new_issues;
            *verdict = now;
        }
        batch.progress = Some(progress);
    }
    Ok(context.write(batch).await?)
}

impl Progress {
    fn add(&mut self, count: Count) {
        match count {
            Count::Nothing => {}
            Count::Imported => self.imported += 1,
            Count::Changed => self.changed += 1,
            Count::Deactivated => self.deactivated += 1,
            Count::Linked => self.linked += 1,
        }
    }
}
