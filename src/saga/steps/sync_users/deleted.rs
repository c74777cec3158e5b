//! People whose row gives no access, `deleted` or with a data error, and whom a found pool held before. They come last, because
//! everybody with a valid row goes before them: the CRM may have given their user names to others.

use std::sync::Arc;

use super::super::super::run_context::RunContext;
use super::super::super::step_error::StepError;
use super::doubtful_names::DoubtfulNames;
use super::link::Known;
use super::reader::Reader;
use super::target::Target;
use super::task::Row;
use crate::store::{AccountChanges, Batch, GuidRange, PoolUser};
use ic_secureauth_api::DerivedIds;

/// Gives them accounts: linked and reported, or open if they are to be adopted. Without a list of the pool, or once all have accounts,
/// nothing is done.
pub(super) async fn link(context: &mut RunContext<'_>, target: &Target) -> Result<(), StepError> {
    let has_data_errors = super::invalid(context) > 0;
    let has_none = context.journal.users_deleted == 0 && !has_data_errors;
    if !target.is_found() || context.run.listing.is_none() || has_none {
        return Ok(());
    }
    let store = Arc::clone(context.store());
    let doubtful = if has_data_errors {
        let people = store.users_with_issues(target.run, GuidRange::default()).await?;
        let issues = context.run.issues_total;
        DoubtfulNames::of(store.as_ref(), &target.biller_id, people, issues, &target.values).await?
    } else {
        DoubtfulNames::default()
    };
    let reader = Reader {
        store: store.as_ref(),
        biller_id: &target.biller_id,
        pool: Some(target.record.no),
        run: None,
        schema: Some(&target.schema),
        limit: target.users_per_page,
    };
    // More than the guard lets go are reported, and adopted by later runs.
    let mut room = target.guard.room(context.run.tally.guarded());
    let mut rest = Some(GuidRange::default());
    while let Some(range) = rest {
        let page = reader.page(range).await?;
        rest = page.rest(range);
        let people = page.barred.iter();
        let keys: Vec<PoolUser> = people
            .map(|deleted| target.values.keys(deleted.user_guid, &deleted.user_name))
            .collect();
        let held = store.pool_users_before(target.run, &keys).await?;
        let ids: Vec<String> = held.values().cloned().collect();
        let mut accounts = target.holders_by_id(&ids).await?;
        let mut changes = AccountChanges::of(target.record.no);
        let mut issues = Vec::new();
        for (deleted, key) in page.barred.iter().zip(keys) {
            let Some(holder) = held.get(&key.user_id) else { continue };
            let is_by_id = *holder == key.user_id;
            // It may be the user of an account that has given the name up since the users were listed.
            if (!is_by_id && DerivedIds::may_be_user_id(holder)) || accounts.contains_key(holder) {
                continue;
            }
            // It may be the user of somebody else whose row has a data error.
            if !is_by_id && doubtful.has(deleted, &target.values) {
                issues.push(Known::not_adopted_issue(deleted.user_guid));
                continue;
            }
            accounts.insert(holder.clone(), deleted.user_guid);
            let mut known = target.known(deleted.user_guid, &Row::Gone, holder.clone());
            if known.account.open && room == 0 {
                known = Known::not_adopted(known.account);
            }
            room -= u64::from(known.account.open);
            issues.extend(known.issue);
            changes.put.push(known.account);
        }
        if !changes.put.is_empty() || !issues.is_empty() {
            let batch = Batch {
                is_progress: !changes.put.is_empty(),
                accounts: Some(changes),
                issues,
                ..Batch::default()
            };
            context.write(batch).await?;
        }
    }
    Ok(())
}
