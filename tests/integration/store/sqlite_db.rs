//! The suite's databases on SQLite: a new file for each test, and a clock that the test moves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use biller_onboarding::clock::Clock;
use biller_onboarding::domain::ids::OnboardingId;
use biller_onboarding::store::sqlite::{SqliteOptions, SqliteStore};
use biller_onboarding::store::{Store, StoreError};
use rusqlite::{Connection, OptionalExtension, Params, params};
use tempfile::TempDir;
use time::OffsetDateTime;

use super::db::{CrmUserRow, Damaged, Db, ProductCiam, Word};

/// A clock that stands still until the test moves it.
#[derive(Debug)]
struct ManualClock(Mutex<OffsetDateTime>);

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct SqliteDb {
    folder: TempDir,
    clock: Arc<ManualClock>,
    store: Arc<SqliteStore>,
}

impl SqliteDb {
    pub(crate) async fn create() -> Self {
        Self::with(SqliteOptions::default()).await
    }

    pub(crate) async fn with(options: SqliteOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let clock = Arc::new(ManualClock(Mutex::new(start)));
        let path = folder.path().join("onboarding.db");
        let shared: Arc<dyn Clock> = clock.clone();
        let store = SqliteStore::open(path, shared, options).await.unwrap();
        store.migrate().await.unwrap();
        store.create_sample_crm().await.unwrap();
        Self {
            folder,
            clock,
            store: Arc::new(store),
        }
    }

    /// A connection beside the store's.
    pub(crate) fn connection(&self) -> Connection {
        let connection = Connection::open(self.folder.path().join("onboarding.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection
    }

    fn execute(&self, sql: &str, values: impl Params) {
        self.connection().execute(sql, values).unwrap();
    }
}

#[async_trait]
impl Db for SqliteDb {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    async fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    async fn pass(&self, duration: Duration) {
        *self.clock.0.lock().unwrap() += duration;
    }

    async fn add_biller(&self, id: &str, name: Option<&str>) {
        let sql = "INSERT INTO crm_biller (biller_id, biller_name) VALUES (?1, ?2)";
        self.execute(sql, params![id, name]);
    }

    async fn rename_biller(&self, id: &str, name: &str) {
        let sql = "UPDATE crm_biller SET biller_name = ?2 WHERE biller_id = ?1";
        self.execute(sql, params![id, name]);
    }

    async fn add_users(&self, biller: &str, users: &[CrmUserRow<'_>]) {
        let mut connection = self.connection();
        let transaction = connection.transaction().unwrap();
        for user in users {
            let sql = "INSERT INTO crm_biller_user VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let values = params![
                biller,
                user.guid,
                user.name,
                user.first_name,
                user.last_name,
                user.email,
                user.status
            ];
            transaction.execute(sql, values).unwrap();
        }
        transaction.commit().unwrap();
    }

    async fn damage(&self, text: Damaged) -> bool {
        let sql = match text {
            Damaged::BillerName => "UPDATE crm_biller SET biller_name = CAST(x'4AC3' AS TEXT)",
            Damaged::FirstName => "UPDATE crm_biller_user SET first_name = CAST(x'4AFF4A' AS TEXT)",
            Damaged::FirstNameCut => "UPDATE crm_biller_user SET first_name = CAST(x'4AC3' AS TEXT)",
        };
        self.execute(sql, []);
        true
    }

    async fn product_ciam(&self, biller: &str) -> Option<ProductCiam> {
        let found = self.connection().query_row(
            "SELECT ciam_status, activation_date, toggle_on, onboarding_id FROM crm_product_ciam WHERE biller_id = ?1",
            [biller],
            |row| {
                Ok(ProductCiam {
                    status: row.get(0)?,
                    activation_date: row.get::<_, Option<i64>>(1)?.map(from_micros),
                    toggle_on: row.get(2)?,
                    run: row.get::<_, String>(3)?.parse().unwrap(),
                })
            },
        );
        found.optional().unwrap()
    }

    async fn refuse_ciam_status(&self) {
        for event in ["INSERT", "UPDATE"] {
            let sql = format!(
                "CREATE TRIGGER refuse_{event} BEFORE {event} ON crm_product_ciam \
                 BEGIN SELECT RAISE(ABORT, 'product is locked'); END"
            );
            self.execute(&sql, []);
        }
    }

    async fn due_at(&self, run: OnboardingId) -> Option<OffsetDateTime> {
        let sql = "SELECT due_at FROM onboarding WHERE onboarding_id = ?1";
        self.connection()
            .query_row(sql, [run.to_string()], |row| row.get(0))
            .map(|due: Option<i64>| due.map(from_micros))
            .unwrap()
    }

    async fn make_due(&self, run: OnboardingId) {
        let sql = "UPDATE onboarding SET due_at = 0 WHERE onboarding_id = ?1";
        self.execute(sql, [run.to_string()]);
    }

    async fn set_word(&self, run: OnboardingId, column: Word, word: &str) {
        let column = match column {
            Word::Kind => "kind",
            Word::State => "state",
            Word::Step => "step",
        };
        let sql = format!("UPDATE onboarding SET {column} = ?2 WHERE onboarding_id = ?1");
        self.execute(&sql, params![run.to_string(), word]);
    }

    async fn append_entry(&self, run: OnboardingId, seq: u32, entry: &str, detail: &str) {
        let sql = "INSERT INTO onboarding_journal VALUES (?1, ?2, 0, ?3, ?4)";
        self.execute(sql, params![run.to_string(), seq, entry, detail]);
    }

    async fn migrate(&self) -> Result<Vec<u32>, StoreError> {
        self.store.migrate().await
    }

    async fn create_sample_crm(&self) -> Result<(), StoreError> {
        self.store.create_sample_crm().await
    }

    async fn run_script_by_hand(&self) -> bool {
        self.migrate().await.is_ok()
    }

    async fn set_script_hash(&self, hash: &str) {
        self.execute("UPDATE schema_version SET script_hash = ?1", [hash]);
    }

    async fn drop_script_hash(&self) {
        self.execute("ALTER TABLE schema_version DROP COLUMN script_hash", []);
    }

    async fn add_schema_version(&self, version: u32, minimum_program: u32) {
        self.execute(
            "INSERT INTO schema_version VALUES (?1, 0, printf('%064d', 0), ?2)",
            [version, minimum_program],
        );
    }

    async fn drop_schema_version(&self) {
        self.execute("DROP TABLE schema_version", []);
    }

    async fn requesters(&self) -> Vec<String> {
        let connection = self.connection();
        let sql = "SELECT requested_by FROM onboarding UNION ALL SELECT requested_by FROM onboarding_event";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    async fn journal_refuses_changes(&self, run: OnboardingId) -> bool {
        [
            "UPDATE onboarding_journal SET entry = 'x' WHERE onboarding_id = ?1",
            "DELETE FROM onboarding_journal WHERE onboarding_id = ?1",
        ]
        .iter()
        .all(|sql| self.connection().execute(sql, [run.to_string()]).is_err())
    }
}

fn from_micros(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).unwrap()
}
