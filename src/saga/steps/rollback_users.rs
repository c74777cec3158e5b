//! Deletes the users that this run imported into a pool that it did not create (docs/ARCHITECTURE.md#rollback). Users of a
//! pool that this run created are deleted with the pool. Changes of users stay: they brought an account nearer to the CRM. Whoever
//! has enrolled a credential stays as well, and is reported.

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::journal_state::Origin;
use super::super::naming::Subject;
use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::STALE_TRIES;
use super::sync_users::user_id;
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::reason::Reason;
use crate::store::{Account, AccountChanges, Batch, Cursor, GuidRange, PoolNo};
use ic_secureauth_api::{Api, ApiError, Class, DerivedIds, PoolId, UserId};

/// Users between two checkpoints. A slow server may take minutes for more: each user can cost six calls.
const AT_ONCE: u32 = 25;

/// The pool, if this run may have imported users into it and did not create it.
struct Found {
    id: PoolId,
    no: PoolNo,
    ids: DerivedIds,
}

impl Found {
    async fn of(context: &RunContext<'_>) -> Result<Option<Self>, StepError> {
        let journal = &context.journal;
        let found = journal.pool.as_ref().filter(|pool| pool.origin == Origin::Found);
        let Some(pool) = found.filter(|_| journal.sync.started) else {
            return Ok(None);
        };
        let not_rolled_back = || StepError::stuck(Reason::NotRolledBack);
        let record = context.store().pool(&context.run.biller_id, &pool.id).await?;
        let record = record.ok_or_else(not_rolled_back)?;
        let subject = Subject {
            generation: record.generation,
            ..context.subject()
        };
        Ok(Some(Self {
            id: PoolId::parse(&pool.id).map_err(|_| not_rolled_back())?,
            no: record.no,
            ids: subject.derived_ids(),
        }))
    }

    async fn page(&self, context: &RunContext<'_>, range: GuidRange) -> Result<Vec<Account>, StepError> {
        let size = context.times().users_per_page.min(AT_ONCE);
        let run = context.run.id;
        Ok(context.store().created_accounts_page(self.no, run, range, size).await?)
    }

    fn user_id(&self, account: &Account) -> UserId {
        user_id(account, &self.ids)
    }
}

/// Deletes the users. Their accounts stay, open, until the recheck finds nobody. `false`: the time slice ended first.
pub(in super::super) async fn rollback(context: &mut RunContext<'_>) -> Result<bool, StepError> {
    let Some(pool) = Found::of(context).await? else {
        return Ok(true);
    };
    loop {
        let range = GuidRange {
            after: context.run.user_cursor,
            until: None,
        };
        let accounts = pool.page(context, range).await?;
        let Some(last) = accounts.last().map(|account| account.user_guid) else {
            return Ok(true);
        };
        let opened = accounts.iter().map(|account| Account {
            open: true,
            ..account.clone()
        });
        let changes = AccountChanges {
            put: opened.collect(),
            ..AccountChanges::of(pool.no)
        };
        context
            .write(Batch {
                accounts: Some(changes),
                ..Batch::default()
            })
            .await?;
        let enrolled = delete_all(context, &pool, accounts).await?;
        let issues: Vec<Issue> = enrolled
            .iter()
            .map(|account| Issue::of(Some(account.user_guid), Field::User, Code::Enrolled))
            .collect();
        // No longer this run's: neither the recheck nor another rollback deletes it.
        let kept = enrolled.into_iter().map(|account| Account {
            open: false,
            created_by: None,
            ..account
        });
        let changes = AccountChanges {
            put: kept.collect(),
            ..AccountChanges::of(pool.no)
        };
        context
            .write(Batch {
                accounts: Some(changes),
                issues,
                cursor: Some(Cursor::At(last)),
                is_progress: true,
                ..Batch::default()
            })
            .await?;
        if context.time_slice_is_over() {
            return Ok(false);
        }
    }
}

/// Deletes users, and returns the accounts of those who have enrolled a credential. One look may be answered by a cache, so whoever
/// it does not find is looked for again. A user whom no look finds is deleted all the same: nobody may be left.
async fn delete_all(context: &RunContext<'_>, pool: &Found, accounts: Vec<Account>) -> Result<Vec<Account>, StepError> {
    let mut enrolled = Vec::new();
    let mut left = accounts;
    for pause in context.lag_pauses() {
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(pause).await;
        let tried: Vec<(Account, Tried)> = stream::iter(left.drain(..))
            .map(|account| async move {
                let tried = delete(&context.api, &pool.id, &pool.user_id(&account)).await?;
                Ok::<_, ApiError>((account, tried))
            })
            .buffer_unordered(context.dependencies().max_in_flight)
            .try_collect()
            .await?;
        for (account, tried) in tried {
            match tried {
                Tried::Deleted => {}
                Tried::HasEnrolled => enrolled.push(account),
                Tried::NotFound => left.push(account),
            }
        }
    }
    let (api, id) = (&context.api, &pool.id);
    stream::iter(left)
        .map(|account| async move { api.delete_user(id, &pool.user_id(&account), None).await })
        .buffer_unordered(context.dependencies().max_in_flight)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    Ok(enrolled)
}

/// What came of the deletion of one user.
enum Tried {
    Deleted,
    HasEnrolled,
    NotFound,
}

/// Deletes one user without a credential. What was read counts only as long as nobody changes the user (412).
async fn delete(api: &Api, pool: &PoolId, user: &UserId) -> Result<Tried, ApiError> {
    let mut tries = 1;
    loop {
        let Some(found) = api.user(pool, user).await? else {
            return Ok(Tried::NotFound);
        };
        if found.value.has_credentials() {
            return Ok(Tried::HasEnrolled);
        }
        match api.delete_user(pool, user, found.etag.as_ref()).await {
            Err(error) if error.class() == Class::Stale && tries < STALE_TRIES => tries += 1,
            answer => return answer.map(|_| Tried::Deleted),
        }
    }
}

/// The result of a recheck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Recheck {
    NothingLeft,
    /// Some users are there again.
    ThereAgain,
    /// The time slice ended first; the next one continues.
    MoreToDo,
}

/// Reads every user that this run imported by id: the list of the whole pool would be longer, and it lags. The accounts of
/// users that are gone are deleted.
pub(in super::super) async fn recheck(context: &mut RunContext<'_>) -> Result<Recheck, StepError> {
    let Some(pool) = Found::of(context).await? else {
        return Ok(Recheck::NothingLeft);
    };
    let mut range = GuidRange::default();
    let mut result = Recheck::NothingLeft;
    loop {
        let accounts = pool.page(context, range).await?;
        let Some(last) = accounts.last().map(|account| account.user_guid) else {
            return Ok(result);
        };
        range.after = Some(last);
        let (api, id, all) = (&context.api, &pool.id, accounts.len());
        let users: Vec<(Uuid, UserId)> = accounts
            .iter()
            .map(|account| (account.user_guid, pool.user_id(account)))
            .collect();
        let gone: Vec<_> = stream::iter(users)
            .map(|(guid, user)| async move {
                let found = api.user(id, &user).await?;
                Ok::<_, ApiError>(found.is_none().then_some(guid))
            })
            .buffer_unordered(context.dependencies().max_in_flight)
            .try_filter_map(|guid| async move { Ok(guid) })
            .try_collect()
            .await?;
        if gone.len() < all {
            result = Recheck::ThereAgain;
        }
        // To look again at users who are still there is no progress.
        let is_progress = !gone.is_empty();
        let changes = AccountChanges {
            removed: gone,
            ..AccountChanges::of(pool.no)
        };
        context
            .write(Batch {
                accounts: Some(changes),
                is_progress,
                ..Batch::default()
            })
            .await?;
        if context.time_slice_is_over() {
            return Ok(match result {
                Recheck::NothingLeft => Recheck::MoreToDo,
                found => found,
            });
        }
    }
}
