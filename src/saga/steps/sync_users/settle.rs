//! Records what came of the calls: accounts, issues, counts and the cursor, in one transaction for all that is there.

use std::collections::{HashMap, HashSet, VecDeque};

use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;
use uuid::Uuid;

use super::super::super::run_context::RunContext;
use super::super::super::step_error::StepError;
use super::super::check_users;
use super::Pass;
use super::settled::{Fate, Settled};
use super::target::Target;
use super::task::Why;
use crate::domain::run::Progress;
use crate::domain::tally::Effect;
use crate::store::{AccountChanges, Batch, Cursor};

/// What the other two tasks of a pass report.
pub(super) enum Event {
    /// A page was read; before any work of its users is reported.
    Page {
        number: u32,
        /// Its last GUID; `None`: it is the last page.
        last: Option<Uuid>,
        /// Users of the page that have work to be done.
        open: usize,
        /// What is known of its users without any call.
        settled: Vec<Settled>,
    },
    Settled(Vec<Settled>),
}

impl Event {
    pub(super) fn settled(&mut self) -> &mut Vec<Settled> {
        match self {
            Self::Page { settled, .. } | Self::Settled(settled) => settled,
        }
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
    why: Pass,
) -> Result<(), StepError> {
    let mut pages = Pages::default();
    let mut recorded = Ok(());
    let mut verdict = Ok(());
    let mut arrived = Vec::new();
    let mut next_look = Instant::now() + context.times().short_slice;
    while events.recv_many(&mut arrived, super::EVENTS).await > 0 {
        if recorded.is_err() {
            arrived.clear();
            continue;
        }
        recorded = target.link_each_once(&mut arrived).await.map_err(StepError::from);
        let (batch, wrong) = collect(context, target, &mut pages, arrived.drain(..), why);
        if batch.cursor.is_some() {
            target.flow.made_progress();
        }
        if recorded.is_ok() {
            recorded = record(context, target, batch, wrong, &mut verdict).await;
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
    why: Pass,
) -> (Batch, Wrong) {
    let mut changes = AccountChanges::of(target.record.no);
    let mut progress = context.run.progress;
    let mut tally = None;
    let mut issues = Vec::new();
    let mut counted = HashSet::new();
    let mut is_progress = false;
    for event in events {
        let settled = match event {
            Event::Page {
                number,
                last,
                open,
                settled,
            } => {
                pages.order.push_back((number, last));
                pages.open.insert(number, open);
                settled
            }
            Event::Settled(settled) => settled,
        };
        for settled in settled {
            if let Some(page) = settled.page {
                pages.one_less(page);
                // A holder that a claim opened is settled by each pass, and users that no read shows are imported by each comparison:
                // neither must keep the run open for ever.
                is_progress |= settled.effect.is_some() && why != Pass::Again;
            }
            if let (Some(effect), Some(user)) = (settled.effect, settled.user) {
                if !(why == Pass::Again && effect == Effect::Imported) {
                    progress.count(effect);
                }
                counted.insert(Some(user));
                let tally = tally.get_or_insert_with(|| context.run.tally.clone());
                tally.name(effect, user);
                match settled.why.filter(|_| effect == Effect::Deactivated) {
                    Some(Why::Left) => tally.leavers += 1,
                    Some(Why::Barred) => tally.barred += 1,
                    None => {}
                }
            }
            match (settled.fate, settled.user) {
                (Fate::Settle, Some(user)) => changes.settled.push(user),
                (Fate::Put(account), _) => changes.put.push(account),
                (Fate::Unlink(account), Some(user)) => {
                    progress.linked = progress.linked.saturating_sub(1);
                    let tally = tally.get_or_insert_with(|| context.run.tally.clone());
                    tally.forget(Effect::Linked, user);
                    match account {
                        Some(account) => changes.put.push(account),
                        None => changes.removed.push(user),
                    }
                }
                (Fate::Remove, Some(user)) => changes.removed.push(user),
                (Fate::Nothing, _) | (_, None) => {}
            }
            issues.extend(settled.issue);
        }
    }
    let cursor = pages.settled_up_to().filter(|_| why == Pass::Whole).map(Cursor::At);
    let wrong = issues.iter().filter(|issue| issue.code.is_data_error());
    let users: HashSet<Option<Uuid>> = wrong.map(|issue| issue.user_guid).collect();
    let wrong = Wrong {
        users: users.len() as u64,
        counted: users.intersection(&counted).count() as u64,
    };
    let batch = Batch {
        accounts: Some(changes),
        issues,
        progress: Some(progress),
        tally: tally.filter(|tally| *tally != context.run.tally),
        is_progress: is_progress || cursor.is_some(),
        cursor,
        ..Batch::default()
    };
    (batch, wrong)
}

/// Users with new data errors.
pub(super) struct Wrong {
    pub(super) users: u64,
    /// Of these, users who are counted for what was done with them all the same.
    pub(super) counted: u64,
}

/// Writes the batch. Data errors are counted as skipped while the run accepts them, else as failed.
pub(super) async fn record(
    context: &mut RunContext<'_>,
    target: &Target,
    mut batch: Batch,
    wrong: Wrong,
    verdict: &mut Result<(), StepError>,
) -> Result<(), StepError> {
    if wrong.users > 0 {
        let mut progress = batch.progress.unwrap_or(context.run.progress);
        let known = super::invalid(context);
        let now = check_users::verdict(
            context.run.kind,
            known + wrong.users,
            progress.users_total,
            context.settings(),
        );
        if now.is_ok() {
            progress.skipped += wrong.users - wrong.counted;
        } else {
            progress.failed += wrong.users - wrong.counted;
            *verdict = now.map_err(|error| target.flow.with_refusal(error));
        }
        batch.progress = Some(progress);
    }
    Ok(context.write(batch).await?)
}

impl Progress {
    fn count(&mut self, effect: Effect) {
        match effect {
            Effect::Imported => self.imported += 1,
            Effect::Changed => self.changed += 1,
            Effect::Deactivated => self.deactivated += 1,
            Effect::Reactivated => self.reactivated += 1,
            Effect::Linked => self.linked += 1,
        }
    }
}
