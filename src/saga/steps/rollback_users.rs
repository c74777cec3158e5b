//! Deletes the users that this run imported into a pool that it did not create (docs/ARCHITECTURE.md#rollback). Users of a
//! pool that this run created are deleted with the pool. Changes of users stay: they brought an account nearer to the CRM.

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::failure::StepError;
use super::super::journal_state::Origin;
use super::super::naming::Subject;
use super::super::run_context::RunContext;
use crate::domain::reason::Reason;
use crate::store::{Account, AccountChanges, Batch, Cursor, GuidRange, PoolNo};
use ic_secureauth_api::{ApiError, DerivedIds, PoolId, UserId};

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
        let not_rolled_back = || StepError::Stuck(Reason::NotRolledBack);
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
        let size = context.times().users_per_page;
        let run = context.run.id;
        Ok(context.store().created_accounts_page(self.no, run, range, size).await?)
    }

    fn user_id(&self, account: &Account) -> UserId {
        self.ids.user_id(account.user_guid)
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
        let (api, id) = (&context.api, &pool.id);
        let users: Vec<UserId> = accounts.iter().map(|account| pool.user_id(account)).collect();
        stream::iter(users)
            .map(|user| async move { api.delete_user(id, &user).await.map(drop) })
            .buffer_unordered(context.dependencies().max_in_flight)
            .try_collect::<()>()
            .await?;
        context
            .write(Batch {
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
        let changes = AccountChanges {
            removed: gone,
            ..AccountChanges::of(pool.no)
        };
        context
            .write(Batch {
                accounts: Some(changes),
                is_progress: true,
                ..Batch::default()
            })
            .await?;
        if context.time_slice_is_over() && result == Recheck::NothingLeft {
            return Ok(Recheck::MoreToDo);
        }
    }
}
