//! Checks that the pool holds the user of each account. It reads the pool's list part by part, asks by id for a user that
//! the list omits, and brings missing users in line. Memory holds one part of the list and one page of accounts at a time
//! (docs/decisions.md#comparing-in-parts).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::journal_state::{ComparedState, Verified};
use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::sync_users::{self, Pass, Target};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::store::{Account, AccountChanges, Batch, GuidRange};
use ic_secureauth_api::{ApiError, MAX_PAGE, UserId};

/// Pages in one part of the list: the ids of 100,000 users. The accounts are read once per part.
const PAGES_PER_PART: u32 = 1_000;

/// `true`: the pool holds every user. `false`: the time slice ended first.
pub(super) async fn run(
    context: &mut RunContext<'_>,
    target: &Target,
    pauses: &mut impl Iterator<Item = Duration>,
) -> Result<bool, StepError> {
    loop {
        let begun = context.journal.sync.compared.clone().unwrap_or_default();
        let part = Part::read(context, target, &begun).await?;
        if !part.is_in_the_pool(context, target, begun.checked, pauses).await? {
            return Ok(false);
        }
        if part.until.is_none() {
            return Ok(true);
        }
        let next = ComparedState {
            after: part.until,
            ..ComparedState::default()
        };
        checkpoint(context, next).await?;
        if context.time_slice_is_over() {
            return Ok(false);
        }
    }
}

/// A part of the pool's list. Its ends are compared as text, so every user belongs to exactly one part, whatever order
/// the server uses. A user that the server listed in another part is asked for by id.
struct Part {
    after: Option<String>,
    /// `None`: up to the end of the list.
    until: Option<String>,
    listed: HashSet<UserId>,
}

impl Part {
    /// Reads at least one page after the parts that are done. A part that an earlier time slice began keeps its end.
    async fn read(context: &RunContext<'_>, target: &Target, begun: &ComparedState) -> Result<Self, StepError> {
        let parse = |id: &String| UserId::parse(id).map_err(|_| StepError::stuck(Reason::SecureauthRefused));
        let mut last = begun.after.as_ref().map(parse).transpose()?;
        let mut listed = HashSet::new();
        let mut until = None;
        for _ in 0..PAGES_PER_PART {
            let page = context.api.users_page(&target.pool, last.as_ref(), MAX_PAGE).await?;
            listed.extend(page.iter().map(|user| user.id.clone()));
            last = page.into_iter().last().map(|user| user.id);
            until = last.as_ref().map(ToString::to_string);
            let is_whole = begun.until.as_ref().is_some_and(|end| until.as_ref() >= Some(end));
            if until.is_none() || is_whole || context.time_slice_is_over() {
                break;
            }
        }
        Ok(Self {
            after: begun.after.clone(),
            until,
            listed,
        })
    }

    fn holds(&self, user_id: &UserId) -> bool {
        let id = user_id.to_string();
        self.after.as_ref().is_none_or(|after| id > *after) && self.until.as_ref().is_none_or(|until| id <= *until)
    }

    /// Goes through the accounts after `checked`. `false`: the time slice ended first.
    async fn is_in_the_pool(
        &self,
        context: &mut RunContext<'_>,
        target: &Target,
        mut checked: Option<Uuid>,
        pauses: &mut impl Iterator<Item = Duration>,
    ) -> Result<bool, StepError> {
        let store = Arc::clone(context.store());
        let size = context.times().users_per_page;
        loop {
            let range = GuidRange {
                after: checked,
                until: None,
            };
            let mut accounts = store.accounts_page(target.record.no, range, size).await?;
            let Some(last) = accounts.last().map(|account| account.user_guid) else {
                return Ok(true);
            };
            accounts.retain(|account| {
                let id = target.user_id(account);
                self.holds(&id) && !self.listed.contains(&id)
            });
            if !accounts.is_empty() {
                let page = GuidRange {
                    until: Some(last),
                    ..range
                };
                match look(context, target, page, accounts, pauses).await? {
                    Looked::AllThere => {}
                    Looked::Interrupted => return Ok(false),
                    Looked::BroughtBack(users) => {
                        let again = store.accounts_page(target.record.no, page, size).await?;
                        let again = again.into_iter().filter(|account| users.contains(&account.user_guid));
                        if !missing(target, again.collect()).await?.is_empty() {
                            return Err(StepError::retry(Reason::UsersNotVisible, None));
                        }
                    }
                }
                let dealt_with = ComparedState {
                    after: self.after.clone(),
                    until: self.until.clone(),
                    checked: Some(last),
                };
                checkpoint(context, dealt_with).await?;
                if context.time_slice_is_over() {
                    return Ok(false);
                }
            }
            checked = Some(last);
        }
    }
}

async fn checkpoint(context: &mut RunContext<'_>, compared: ComparedState) -> Result<(), StepError> {
    let ComparedState { after, until, checked } = compared;
    let batch = Batch {
        entries: vec![Entry::UsersCompared { after, until, checked }],
        // A comparison that is done again, as in each time slice until the organization is live, is none.
        is_progress: context.journal.sync.verified == Verified::Never,
        ..Batch::default()
    };
    Ok(context.write(batch).await?)
}

/// What a look at unlisted users leads to.
enum Looked {
    AllThere,
    /// These were missing. They are imported once more, or their accounts are forgotten.
    BroughtBack(HashSet<Uuid>),
    /// The time slice ended first.
    Interrupted,
}

/// Asks for the unlisted users by id, with pauses, until all are found. The accounts of users still missing after the pauses
/// are opened and brought in line; linked ones are never changed, so their people are told apart first.
async fn look(
    context: &mut RunContext<'_>,
    target: &Target,
    page: GuidRange,
    unlisted: Vec<Account>,
    pauses: &mut impl Iterator<Item = Duration>,
) -> Result<Looked, StepError> {
    let mut missing = missing(target, unlisted).await?;
    while !missing.is_empty() {
        match pauses.next() {
            Some(pause) if !context.time_slice_is_over() => tokio::time::sleep(pause).await,
            _ => {
                let users = missing.iter().map(|account| account.user_guid).collect();
                let is_linked = |account: &Account| target.policy.leaves_alone(account);
                let (linked, imported): (Vec<Account>, Vec<Account>) = missing.into_iter().partition(is_linked);
                let linked = linked.iter().map(|account| account.user_guid).collect();
                let is_settled = open(context, target, imported).await?
                    && sync_users::find_linked(context, target, page, linked).await?;
                return Ok(if is_settled {
                    Looked::BroughtBack(users)
                } else {
                    Looked::Interrupted
                });
            }
        }
        missing = self::missing(target, missing).await?;
    }
    Ok(Looked::AllThere)
}

/// The accounts whose users a read by id does not find.
async fn missing(target: &Target, accounts: Vec<Account>) -> Result<Vec<Account>, StepError> {
    stream::iter(accounts)
        .map(|account| async move {
            let found = target.api.user(&target.pool, &target.user_id(&account)).await?;
            Ok::<_, ApiError>(found.is_none().then_some(account))
        })
        .buffered(target.in_flight)
        .try_filter_map(|account| async move { Ok(account) })
        .try_collect()
        .await
        .map_err(StepError::from)
}

/// `false`: the time slice ended first.
async fn open(context: &mut RunContext<'_>, target: &Target, missing: Vec<Account>) -> Result<bool, StepError> {
    if missing.is_empty() {
        return Ok(true);
    }
    tracing::warn!(
        users = missing.len(),
        "the pool lacks users of accounts; they are looked at again"
    );
    let opened = missing.into_iter().map(|account| Account { open: true, ..account });
    let changes = AccountChanges {
        put: opened.collect(),
        ..AccountChanges::of(target.record.no)
    };
    let batch = Batch {
        accounts: Some(changes),
        ..Batch::default()
    };
    context.write(batch).await?;
    sync_users::settle_open(context, target, Pass::Again).await
}
