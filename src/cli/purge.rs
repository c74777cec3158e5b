//! `purge`: deletes what runs left that ended long ago.

use std::time::Duration;

use clap::Args;

use super::error_text;
use crate::store::{Purged, Store};

/// Longer ago than the handler exists.
const MOST_DAYS: u32 = 20_000;

/// How old records have to be.
#[derive(Debug, Args)]
pub(super) struct Retention {
    /// Days since the run ended, such as 400d; at least 1d
    #[arg(long, value_name = "DAYS", value_parser = days)]
    older_than: Days,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Days(u32);

fn days(text: &str) -> Result<Days, &'static str> {
    let number = text.strip_suffix('d').and_then(|number| number.parse().ok());
    let number = number.filter(|days| (1..=MOST_DAYS).contains(days));
    number.map(Days).ok_or("must be a number of days, 1d to 20000d")
}

pub(super) async fn run(store: &dyn Store, retention: &Retention) -> Result<String, String> {
    let Days(days) = retention.older_than;
    let age = Duration::from_hours(24) * days;
    match store.purge(age).await {
        Ok(purged) => Ok(report(days, &purged)),
        Err(error) => Err(format!(
            "{}\nwhat was deleted before that stays deleted; the same command goes on with the rest",
            error_text(&error)
        )),
    }
}

fn report(days: u32, purged: &Purged) -> String {
    let Purged {
        runs,
        events,
        journal_entries,
        issues,
        pool_users,
        accounts,
    } = purged;
    format!(
        "of runs that ended more than {days} days ago:\n\
         deleted       {journal_entries} journal entries, {issues} issues, {pool_users} noted users of pools\n\
         blanked       who asked for {runs} runs and sent {events} events\n\
         of pools that no run can use again:\n\
         deleted       {accounts} accounts\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_of_days() {
        assert_eq!(days("1d"), Ok(Days(1)));
        assert_eq!(days("20000d"), Ok(Days(20_000)));
        for wrong in ["0d", "20001d", "30", "d", "-1d", "1 d", "30days", ""] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }
}
