//! The suite's databases on SQL Server. The clock is the server's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use biller_onboarding::domain::ids::OnboardingId;
use biller_onboarding::settings::ConnectionString;
use biller_onboarding::store::sql_server::{SqlServerOptions, SqlServerStore};
use biller_onboarding::store::{Store, StoreError};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tiberius::{Row, ToSql};
use time::{OffsetDateTime, PrimitiveDateTime};
use tokio::sync::Mutex;

use super::db::{CrmUserRow, Damaged, Db, ProductCiam, Word};
use super::own_database::{Connection, OwnDatabase, PATIENCE, on_own_database, say, statement};

pub(crate) struct SqlServerDb {
    store: Arc<SqlServerStore>,
    /// A connection beside the store's.
    connection: Mutex<Connection>,
}

/// Runs a test on a database of its own, or says once that all of them are skipped.
pub(crate) async fn on_sql_server<F>(run: F)
where
    F: for<'a> FnOnce(&'a dyn Db) -> BoxFuture<'a, ()>,
{
    let sentence = async |own: &OwnDatabase| run(&SqlServerDb::create(own).await).await;
    on_own_database(sentence).await;
}

impl SqlServerDb {
    /// With schema and sample CRM.
    pub(crate) async fn create(own: &OwnDatabase) -> Self {
        let connection = own.connect().await;
        let connection_string = own.connection_string();
        // No test of the suite is about time limits, so a slow server is no failure.
        let options = SqlServerOptions {
            connect_timeout: PATIENCE,
            command_timeout: PATIENCE,
            wait_timeout: PATIENCE,
            ..SqlServerOptions::new(ConnectionString::parse(&connection_string, true).unwrap().config())
        };
        let store = SqlServerStore::connect(&options).unwrap();
        store.migrate().await.unwrap();
        store.create_sample_crm().await.unwrap();
        Self {
            store: Arc::new(store),
            connection: Mutex::new(connection),
        }
    }

    /// Whether bytes are taken for UTF-16, so that a text can hold half of a pair. Babelfish takes them for an 8-bit code page.
    async fn takes_bytes_for_utf_16(&self) -> bool {
        let sql = "SELECT LEN(CONVERT(NVARCHAR(10), 0x4A003DD8)) AS Units";
        let mut connection = self.connection.lock().await;
        let Ok(answer) = connection.query(sql, &[]).await else {
            return false;
        };
        let row = answer.into_row().await.ok().flatten();
        row.is_some_and(|row| row.get::<i32, _>("Units") == Some(2))
    }

    /// Makes the first names a VARCHAR of a code page with letters of two bytes; `false` where the engine cannot.
    async fn collates_as_japanese(&self) -> bool {
        self.execute("DROP INDEX IX_BillerUser ON crm.BillerUser", &[]).await;
        let sql = "ALTER TABLE crm.BillerUser ALTER COLUMN FirstName VARCHAR(100) COLLATE Japanese_CI_AS NULL";
        statement(&mut *self.connection.lock().await, sql).await.is_ok()
    }

    pub(crate) async fn rows(&self, sql: &str, values: &[&dyn ToSql]) -> Vec<Row> {
        let mut connection = self.connection.lock().await;
        let answer = connection.query(sql, values).await.unwrap();
        answer.into_first_result().await.unwrap()
    }

    pub(crate) async fn execute(&self, sql: &str, values: &[&dyn ToSql]) {
        let mut connection = self.connection.lock().await;
        connection.execute(sql, values).await.unwrap();
    }
}

fn time(row: &Row, column: &str) -> Option<OffsetDateTime> {
    let time: Option<PrimitiveDateTime> = row.try_get(column).unwrap();
    time.map(PrimitiveDateTime::assume_utc)
}

#[async_trait]
impl Db for SqlServerDb {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    async fn now(&self) -> OffsetDateTime {
        let sql = "SELECT CAST(SYSUTCDATETIME() AS DATETIME2(6)) AS Moment";
        time(&self.rows(sql, &[]).await[0], "Moment").unwrap()
    }

    async fn pass(&self, duration: Duration) {
        let until = self.now().await + duration;
        let deadline = Instant::now() + duration + Duration::from_mins(1);
        while self.now().await <= until {
            assert!(Instant::now() < deadline, "the server's clock stands still");
            tokio::task::yield_now().await;
        }
    }

    // Rows with NULLs are passed as JSON: the driver would send NULL without a type, which not every engine accepts.
    async fn add_biller(&self, id: &str, name: Option<&str>) {
        let sql = "INSERT INTO crm.Biller (BillerId, BillerName) SELECT j.BillerId, j.BillerName \
            FROM OPENJSON(@P1) WITH (BillerId NVARCHAR(128) '$.id', BillerName NVARCHAR(400) '$.name') AS j";
        let row = json!([{ "id": id, "name": name }]).to_string();
        self.execute(sql, &[&row]).await;
    }

    async fn rename_biller(&self, id: &str, name: &str) {
        let sql = "UPDATE crm.Biller SET BillerName = @P2 WHERE BillerId = @P1";
        self.execute(sql, &[&id, &name]).await;
    }

    async fn add_users(&self, biller: &str, users: &[CrmUserRow<'_>]) {
        let sql = "INSERT INTO crm.BillerUser (BillerId, UserGuid, UserName, FirstName, LastName, Email, Status) \
            SELECT @P1, CASE WHEN LTRIM(RTRIM(j.UserGuid)) LIKE N'________-____-____-____-____________' \
                THEN TRY_CONVERT(UNIQUEIDENTIFIER, LTRIM(RTRIM(j.UserGuid))) END, j.UserName, j.FirstName, j.LastName, j.Email, j.Status \
            FROM OPENJSON(@P2) WITH ( \
                UserGuid NVARCHAR(64) '$.guid', UserName NVARCHAR(400) '$.name', FirstName NVARCHAR(400) '$.first', \
                LastName NVARCHAR(400) '$.last', Email NVARCHAR(400) '$.email', Status NVARCHAR(64) '$.status') AS j";
        let rows = users.iter().map(|user| {
            json!({
                "guid": user.guid,
                "name": user.name,
                "first": user.first_name,
                "last": user.last_name,
                "email": user.email,
                "status": user.status,
            })
        });
        let rows = Value::Array(rows.collect()).to_string();
        self.execute(sql, &[&biller, &rows]).await;
    }

    // U+D83D is the first half of a character that takes two units of NVARCHAR; 0x83 is the first half of one that takes two bytes
    // of this VARCHAR.
    async fn damage(&self, text: Damaged) -> bool {
        let (is_able, what) = match text {
            Damaged::FirstNameCut => (self.collates_as_japanese().await, "gives a column no other collation"),
            _ => (self.takes_bytes_for_utf_16().await, "keeps no half of a surrogate pair"),
        };
        if !is_able {
            say(&format!("skipped: {text:?}: this engine {what}"));
            return false;
        }
        let statements: &[&str] = match text {
            Damaged::BillerName => &["UPDATE crm.Biller SET BillerName = CONVERT(NVARCHAR(10), 0x4A003DD8)"],
            Damaged::FirstName => &["UPDATE crm.BillerUser SET FirstName = CONVERT(NVARCHAR(10), 0x3DD84A00)"],
            Damaged::FirstNameCut => &[
                "EXEC sp_refreshview N'ciam.BillerUser'",
                "UPDATE crm.BillerUser SET FirstName = 0x4A83",
            ],
        };
        for sql in statements {
            self.execute(sql, &[]).await;
        }
        true
    }

    async fn product_ciam(&self, biller: &str) -> Option<ProductCiam> {
        let sql = "SELECT CiamStatus, ActivationDate, ToggleOn, OnboardingId FROM crm.ProductCiam WHERE BillerId = @P1";
        let rows = self.rows(sql, &[&biller]).await;
        rows.first().map(|row| ProductCiam {
            status: row.get::<&str, _>("CiamStatus").unwrap().to_owned(),
            activation_date: time(row, "ActivationDate"),
            toggle_on: row.get("ToggleOn").unwrap(),
            run: row.get("OnboardingId").unwrap(),
        })
    }

    async fn refuse_ciam_status(&self) {
        let sql = "CREATE TRIGGER crm.Refuse ON crm.ProductCiam AFTER INSERT, UPDATE AS \
            THROW 51000, N'product is locked', 1;";
        statement(&mut *self.connection.lock().await, sql).await.unwrap();
    }

    async fn due_at(&self, run: OnboardingId) -> Option<OffsetDateTime> {
        let sql = "SELECT DueAt FROM ciam.Onboarding WHERE OnboardingId = @P1";
        time(&self.rows(sql, &[&run.0]).await[0], "DueAt")
    }

    async fn make_due(&self, run: OnboardingId) {
        let sql = "UPDATE ciam.Onboarding SET DueAt = '2000-01-01' WHERE OnboardingId = @P1";
        self.execute(sql, &[&run.0]).await;
    }

    async fn set_word(&self, run: OnboardingId, column: Word, word: &str) {
        let sql = format!("UPDATE ciam.Onboarding SET {column:?} = @P2 WHERE OnboardingId = @P1");
        self.execute(&sql, &[&run.0, &word]).await;
    }

    async fn append_entry(&self, run: OnboardingId, seq: u32, entry: &str, detail: &str) {
        let sql = "INSERT INTO ciam.OnboardingJournal (OnboardingId, Seq, WrittenAt, Entry, Detail) \
            VALUES (@P1, @P2, SYSUTCDATETIME(), @P3, @P4)";
        self.execute(sql, &[&run.0, &i64::from(seq), &entry, &detail]).await;
    }

    async fn migrate(&self) -> Result<Vec<u32>, StoreError> {
        self.store.migrate().await
    }

    async fn create_sample_crm(&self) -> Result<(), StoreError> {
        self.store.create_sample_crm().await
    }

    async fn run_script_by_hand(&self) -> bool {
        let script = include_str!("../../../infra/sql/sql_server/0001_onboarding.sql");
        statement(&mut *self.connection.lock().await, script).await.is_ok()
    }

    async fn set_script_hash(&self, hash: &str) {
        self.execute("UPDATE ciam.SchemaVersion SET ScriptHash = @P1", &[&hash])
            .await;
    }

    async fn drop_script_hash(&self) {
        self.execute("ALTER TABLE ciam.SchemaVersion DROP COLUMN ScriptHash", &[])
            .await;
    }

    async fn add_schema_version(&self, version: u32, minimum_program: u32) {
        let sql = "INSERT INTO ciam.SchemaVersion (Version, AppliedAt, ScriptHash, MinimumProgram) \
            VALUES (@P1, SYSUTCDATETIME(), REPLICATE(N'0', 64), @P2)";
        self.execute(sql, &[&i64::from(version), &i64::from(minimum_program)])
            .await;
    }

    async fn drop_schema_version(&self) {
        self.execute("DROP TABLE ciam.SchemaVersion", &[]).await;
    }

    async fn requesters(&self) -> Vec<String> {
        let sql = "SELECT RequestedBy FROM ciam.Onboarding UNION ALL SELECT RequestedBy FROM ciam.OnboardingEvent";
        let rows = self.rows(sql, &[]).await;
        rows.iter()
            .map(|row| row.get::<&str, _>(0).unwrap().to_owned())
            .collect()
    }

    async fn journal_refuses_changes(&self, run: OnboardingId) -> bool {
        for sql in [
            "UPDATE ciam.OnboardingJournal SET Entry = N'x' WHERE OnboardingId = @P1",
            "DELETE FROM ciam.OnboardingJournal WHERE OnboardingId = @P1",
        ] {
            let mut connection = self.connection.lock().await;
            if connection.execute(sql, &[&run.0]).await.is_ok() {
                return false;
            }
        }
        true
    }
}
