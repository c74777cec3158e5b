//! The store for production: SQL Server 2019 or later, or Azure SQL, through tiberius (docs/ARCHITECTURE.md#database).
//!
//! Times are the server's (`SYSUTCDATETIME`). An application lock makes the events and endings of a biller happen one
//! after the other. Every write about a run names its lease's version. A transaction that the server rolled back for a
//! reason that may be gone already, such as a deadlock, is repeated here; all other retries are the saga's.

mod accept;
mod access;
mod account_changes;
mod accounts;
mod batch;
mod billers;
mod calls;
mod check;
mod columns;
mod crm_text;
mod dial;
mod dials;
mod due;
mod ending;
mod error;
mod identity_pools;
mod json_rows;
mod locks;
mod migrate;
mod names;
mod pool;
mod purge;
mod runs;
mod session;
mod slots;
mod users;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

pub use self::access::{Access, LogIn};
pub use self::dial::Resolver;
use self::error::{Fault, is_repeatable, store_error};
use self::pool::Pool;
pub use self::pool::SqlServerOptions;
use super::StoreError;

/// How often a transaction that lost a deadlock is repeated. Pauses double from [`FIRST_PAUSE`]. Jitter makes a pause
/// up to twice as long, so that two transactions do not collide a second time.
const REPEATS: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// [`super::Store`] on one SQL Server database.
#[derive(Debug)]
pub struct SqlServerStore {
    pool: Pool,
    /// Grows with every call, so that no two calls have the same jitter.
    jitter_seed: AtomicU64,
}

impl SqlServerStore {
    /// Prepares the pool. Connections are opened when they are needed; while the server is down, calls fail with
    /// [`StoreError::Unavailable`].
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the pool cannot be built.
    pub fn connect(options: &SqlServerOptions) -> Result<Self, StoreError> {
        Ok(Self {
            pool: Pool::new(options)?,
            jitter_seed: AtomicU64::new(options.jitter_seed),
        })
    }

    /// Applies the numbered scripts of `infra/sql/sql_server/` that are missing. This needs more permissions than all other
    /// calls; the scripts' headers list them.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn migrate(&self) -> Result<Vec<u32>, StoreError> {
        self.repeating("create the tables", || migrate::migrate(&self.pool))
            .await
    }

    /// Creates what is missing of the sample CRM (`infra/sql/sql_server/sample_crm.sql`), for tests in a database without a CRM.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_sample_crm(&self) -> Result<(), StoreError> {
        self.repeating("create the sample CRM", || migrate::create_sample_crm(&self.pool))
            .await
    }

    async fn repeating<T, F>(&self, action: &'static str, attempt: impl FnMut() -> F + Send) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Fault>> + Send,
    {
        attempt
            .retry(pauses(self.jitter_seed.fetch_add(1, Ordering::Relaxed)))
            .when(is_repeatable)
            .await
            .map_err(|fault| store_error(action, fault))
    }
}

fn pauses(jitter_seed: u64) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_times(REPEATS)
        .with_jitter()
        .with_jitter_seed(jitter_seed)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use backon::BackoffBuilder;

    use super::*;

    #[test]
    fn repeated_transactions_pause_for_different_times() {
        let drawn: Vec<Vec<Duration>> = (0..100).map(|seed| pauses(seed).build().collect()).collect();
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), drawn.len());
        for pauses in &drawn {
            assert_eq!(pauses.len(), REPEATS);
            let bounds = (0..).map(|doubled| FIRST_PAUSE * (1 << doubled));
            assert!(
                pauses
                    .iter()
                    .zip(bounds)
                    .all(|(pause, least)| (least..=2 * least).contains(pause)),
                "{pauses:?}"
            );
        }
    }
}
