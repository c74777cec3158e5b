//! Records the users of a found pool before the import starts, because they must be neither imported nor deleted by a
//! rollback. A long list is read in ranges of user ids, several at a time.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::sync_users::fold;
use crate::domain::journal::Entry;
use crate::domain::listing::{ListedRange, Listing};
use crate::domain::reason::Reason;
use crate::store::{Batch, PoolUser};
use ic_secureauth_api::{Api, ListedUser, MAX_PAGE, PoolId, UserId};

/// Pages of a range that are read between two writes to the database.
const PAGES_PER_WRITE: u32 = 5;

/// A list of at most so many users is read as one range.
const SHORT: u64 = 1_000;

/// Where the ranges of a long list end: most ids are hexadecimal, as the derived ones are.
const ENDS: [&str; 7] = ["2", "4", "6", "8", "a", "c", "e"];

/// Records the pool's users in `PoolUserBefore`; continues where the run's listing stands.
pub(super) async fn record(context: &mut RunContext<'_>, pool: &PoolId, fold_case: bool) -> Result<(), StepError> {
    let mut listing = match context.run.listing.clone() {
        Some(listing) => listing,
        None => match begin(context, pool).await? {
            Begun::Unchanged(count) => return Ok(context.note(Entry::PoolUsersRecorded { count }).await?),
            Begun::Listing(listing) => listing,
        },
    };
    loop {
        let Some(users) = read(context, pool, &mut listing).await? else {
            listing = Listing(vec![ListedRange::default()]);
            continue;
        };
        let is_finished = listing.is_finished();
        let count = listing.count();
        let entries = is_finished.then_some(Entry::PoolUsersRecorded { count });
        context
            .write(Batch {
                pool_users_before: users.iter().flat_map(|user| rows(user, fold_case)).collect(),
                entries: entries.into_iter().collect(),
                listing: Some(listing.clone()),
                is_progress: true,
                ..Batch::default()
            })
            .await?;
        if is_finished || context.time_slice_is_over() {
            return Ok(());
        }
    }
}

enum Begun {
    /// The pool's number of users is the one that an earlier run left: the accounts tell who is in the pool.
    Unchanged(u64),
    Listing(Listing),
}

async fn begin(context: &RunContext<'_>, pool: &PoolId) -> Result<Begun, StepError> {
    let record = context.store().pool(&context.run.biller_id, pool.as_str()).await?;
    let found = context.api.pool(pool).await?.ok_or_else(StepError::not_shown)?;
    let number = found.value.number_of_users;
    let at_end = record.and_then(|record| record.users_at_end);
    Ok(match number {
        Some(number) if at_end == Some(number) => Begun::Unchanged(number),
        Some(number) if number > SHORT => Begun::Listing(ranges()),
        _ => Begun::Listing(Listing(vec![ListedRange::default()])),
    })
}

fn ranges() -> Listing {
    let text = |end: &&str| (*end).to_owned();
    let starts = std::iter::once(None).chain(ENDS.iter().map(|end| Some(text(end))));
    let ends = ENDS.iter().map(|end| Some(text(end))).chain(std::iter::once(None));
    let ranges = starts.zip(ends).map(|(after, until)| ListedRange {
        after,
        until,
        ..ListedRange::default()
    });
    Listing(ranges.collect())
}

/// Reads some pages of every range, side by side. `None`: the server sorts ids in another way or does not take an end of a range
/// for an id, so the list has to be read as one range.
async fn read(
    context: &RunContext<'_>,
    pool: &PoolId,
    listing: &mut Listing,
) -> Result<Option<Vec<ListedUser>>, StepError> {
    let (api, is_whole) = (&context.api, listing.0.len() == 1);
    let read: Result<Vec<RangeRead>, StepError> = stream::iter(listing.0.clone())
        .map(|range| async move { read_range(api, pool, range).await })
        .buffered(context.dependencies().max_in_flight)
        .try_collect()
        .await;
    let read = match read {
        Err(error) if error.is_permanent() && !is_whole => return Ok(None),
        read => read?,
    };
    let mut users = Vec::new();
    listing.0.clear();
    for (range, pages) in read {
        let Some(mut pages) = pages else { return Ok(None) };
        users.append(&mut pages);
        listing.0.push(range);
    }
    Ok(Some(users))
}

/// A range as it stands after a read, and the users that were read.
type RangeRead = (ListedRange, Option<Vec<ListedUser>>);

/// Reads some pages of one range. `None`: the ids of a part of the list do not ascend as texts.
async fn read_range(api: &Api, pool: &PoolId, mut range: ListedRange) -> Result<RangeRead, StepError> {
    let mut users = Vec::new();
    let is_whole = range.until.is_none() && range.after.is_none();
    let in_order = |page: &[ListedUser]| page.is_sorted_by(|one, next| one.id.as_str() < next.id.as_str());
    for _ in 0..PAGES_PER_WRITE {
        if range.finished {
            break;
        }
        let after = range.after.as_ref().map(|id| parse(id)).transpose()?;
        let mut page = api.users_page(pool, after.as_ref(), MAX_PAGE).await?;
        if !is_whole && !in_order(&page) {
            return Ok((range, None));
        }
        let read = page.len();
        if let Some(until) = &range.until {
            page.retain(|user| user.id.as_str() <= until.as_str());
        }
        range.count += page.len() as u64;
        if let Some(last) = page.last() {
            range.after = Some(last.id.to_string());
        }
        range.finished = page.len() < read || read == 0;
        users.append(&mut page);
    }
    Ok((range, Some(users)))
}

fn parse(id: &str) -> Result<UserId, StepError> {
    UserId::parse(id).map_err(|_| StepError::stuck(Reason::SecureauthRefused))
}

/// One row per identifier, and one for a user without any.
pub(in super::super) fn rows(user: &ListedUser, fold_case: bool) -> Vec<PoolUser> {
    let row = |identifier| PoolUser {
        user_id: user.id.to_string(),
        identifier,
    };
    if user.identifiers.is_empty() {
        return vec![row(String::new())];
    }
    user.identifiers
        .iter()
        .map(|identifier| row(fold(identifier, fold_case).into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_a_long_list_follow_one_another_without_a_gap() {
        let Listing(ranges) = ranges();
        assert_eq!(ranges.len(), 8);
        for pair in ranges.windows(2) {
            assert_eq!(pair[0].until, pair[1].after);
        }
        assert_eq!((&ranges[0].after, &ranges[7].until), (&None, &None));
    }
}
