//! The suite's database on SQL Server: one of its own for each sentence, on the server `TEST_SQL_SERVER` names, dropped
//! afterwards. The clock is the server's.
//!
//! `TEST_SQL_SERVER` is an ADO.NET connection string that names no database, of somebody who may create one.

use std::io::Write;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use biller_onboarding::domain::ids::OnboardingId;
use biller_onboarding::store::Store;
use biller_onboarding::store::sql_server::{SqlServerOptions, SqlServerStore};
use futures_util::future::{BoxFuture, FutureExt};
use secrecy::SecretString;
use tiberius::{Client, Config, Row, ToSql};
use time::{OffsetDateTime, PrimitiveDateTime};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::db::{CrmUserRow, Db, ProductCiam, Word};

type Connection = Client<Compat<TcpStream>>;

const VARIABLE: &str = "TEST_SQL_SERVER";

/// One database at a time: servers create them one after the other anyway.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

pub(crate) struct SqlServerDb {
    server: String,
    name: String,
    store: Arc<SqlServerStore>,
    /// Past the store.
    connection: Mutex<Connection>,
}

static SAY_SKIPPED: Once = Once::new();

/// One line for all, past the test harness's capture, which would swallow it.
fn say_skipped() {
    let line =
        format!("skipped: {VARIABLE} is not set: nothing of the store's suite ran on SQL Server\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Runs a sentence on a database of its own, or says that all of them are skipped.
pub(crate) async fn on_sql_server<F>(run: F)
where
    F: for<'a> FnOnce(&'a dyn Db) -> BoxFuture<'a, ()>,
{
    let Some(server) = server() else {
        SAY_SKIPPED.call_once(say_skipped);
        return;
    };
    let _turn = ONE_AT_A_TIME.lock().await;
    let db = SqlServerDb::create(server).await;
    let sentence = async {
        db.prepare().await;
        run(&db).await;
    };
    let result = std::panic::AssertUnwindSafe(sentence).catch_unwind().await;
    db.drop_database().await;
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own setting; unique names need the machine's clock"
)]
fn server() -> Option<String> {
    std::env::var(VARIABLE)
        .ok()
        .filter(|server| !server.is_empty())
}

#[expect(
    clippy::disallowed_methods,
    reason = "unique among runs that share a server"
)]
fn unique_name() -> String {
    format!("ciam_test_{}", uuid::Uuid::new_v4().simple())
}

impl SqlServerDb {
    async fn create(server: String) -> Self {
        let name = unique_name();
        statement(
            &mut connect(&server).await,
            &format!("CREATE DATABASE {name}"),
        )
        .await;
        let connection_string = format!("{server};database={name}");
        let connection = Mutex::new(connect(&connection_string).await);
        let options = SqlServerOptions::new(SecretString::from(connection_string));
        let store = SqlServerStore::connect(&options).unwrap();
        Self {
            server,
            name,
            store: Arc::new(store),
            connection,
        }
    }

    async fn prepare(&self) {
        self.store.migrate().await.unwrap();
        self.store.create_sample_crm().await.unwrap();
    }

    async fn drop_database(self) {
        let Self {
            server,
            name,
            store,
            connection,
        } = self;
        drop((store, connection));
        let mut connection = connect(&server).await;
        let sql = format!("ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
        // Not every engine has it; those that have not do not need it.
        if let Ok(answer) = connection.simple_query(sql).await {
            let _ = answer.into_results().await;
        }
        statement(&mut connection, &format!("DROP DATABASE {name}")).await;
    }

    async fn rows(&self, sql: &str, values: &[&dyn ToSql]) -> Vec<Row> {
        let mut connection = self.connection.lock().await;
        let answer = connection.query(sql, values).await.unwrap();
        answer.into_first_result().await.unwrap()
    }

    async fn execute(&self, sql: &str, values: &[&dyn ToSql]) {
        let mut connection = self.connection.lock().await;
        connection.execute(sql, values).await.unwrap();
    }
}

async fn connect(connection_string: &str) -> Connection {
    let config = Config::from_ado_string(connection_string).unwrap();
    let tcp = TcpStream::connect(config.get_addr()).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    Box::pin(Client::connect(config, tcp.compat_write()))
        .await
        .unwrap()
}

async fn statement(connection: &mut Connection, sql: &str) {
    let answer = connection.simple_query(sql).await.unwrap();
    answer.into_results().await.unwrap();
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

    async fn add_biller(&self, id: &str, name: Option<&str>) {
        let sql = "INSERT INTO crm.Biller (BillerId, BillerName) VALUES (@P1, @P2)";
        self.execute(sql, &[&id, &name]).await;
    }

    async fn rename_biller(&self, id: &str, name: &str) {
        let sql = "UPDATE crm.Biller SET BillerName = @P2 WHERE BillerId = @P1";
        self.execute(sql, &[&id, &name]).await;
    }

    async fn add_users(&self, biller: &str, users: &[CrmUserRow<'_>]) {
        let mut connection = self.connection.lock().await;
        for user in users {
            connection
                .execute(
                    "INSERT INTO crm.BillerUser (BillerId, UserGuid, UserName, FirstName, LastName, Email, Status) \
                     VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7)",
                    &[
                        &biller,
                        &user.guid,
                        &user.name,
                        &user.first_name,
                        &user.last_name,
                        &user.email,
                        &user.status,
                    ],
                )
                .await
                .unwrap();
        }
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
        statement(&mut *self.connection.lock().await, sql).await;
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
        self.execute(sql, &[&run.0, &i64::from(seq), &entry, &detail])
            .await;
    }

    async fn migrate(&self) {
        self.store.migrate().await.unwrap();
    }

    async fn drop_schema_version(&self) {
        self.execute("DROP TABLE ciam.SchemaVersion", &[]).await;
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
