//! A database for one test on the server that `TEST_SQL_SERVER` names, dropped afterwards.
//!
//! `TEST_SQL_SERVER` is an ADO.NET connection string of a login that may create databases. Databases are created and
//! dropped while connected to the database that it names, or to `master` if it names none.

use std::io::Write;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Once;
use std::time::{Duration, Instant};

use futures_util::future::FutureExt;
use tiberius::error::Error;
use tiberius::{Client, Config};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

pub(crate) type Connection = Client<Compat<TcpStream>>;

const VARIABLE: &str = "TEST_SQL_SERVER";

/// Databases are created one at a time; servers do not create them in parallel anyway.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Time limit for creating a database (Azure SQL takes a minute), connecting to it, and dropping it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);
/// Pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// A database that is there while its test runs.
pub(crate) struct OwnDatabase {
    server: String,
    name: String,
}

impl OwnDatabase {
    pub(crate) fn connection_string(&self) -> String {
        format!("{};database={}", self.server, self.name)
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        Config::from_ado_string(&self.server).unwrap().get_addr()
    }

    pub(crate) async fn connect(&self) -> Connection {
        let connection_string = self.connection_string();
        patiently("connect", || connect(&connection_string)).await
    }

    /// Sets `READ_COMMITTED_SNAPSHOT`. False: the server or the login does not allow it.
    pub(crate) async fn set_row_versions(&self, are_on: bool) -> bool {
        let mut master = connect(&self.server).await.unwrap();
        let word = if are_on { "ON" } else { "OFF" };
        let name = &self.name;
        let sql = format!("ALTER DATABASE {name} SET READ_COMMITTED_SNAPSHOT {word} WITH ROLLBACK IMMEDIATE");
        if statement(&mut master, &sql).await.is_err() {
            return false;
        }
        let sql = "SELECT CAST(d.is_read_committed_snapshot_on AS BIT) FROM sys.databases AS d WHERE d.name = @P1";
        let row = master.query(sql, &[name]).await.unwrap().into_row().await.unwrap();
        row.and_then(|row| row.get::<bool, _>(0)) == Some(are_on)
    }
}

/// Runs a test on a database of its own, or says once that all of them are skipped.
pub(crate) async fn on_own_database(test: impl AsyncFnOnce(&OwnDatabase)) {
    let Some(server) = server() else {
        SAY_SKIPPED.call_once(say_skipped);
        return;
    };
    let _turn = ONE_AT_A_TIME.lock().await;
    let own = OwnDatabase {
        server,
        name: unique_name(),
    };
    create(&own).await;
    let result = AssertUnwindSafe(test(&own)).catch_unwind().await;
    let dropped = AssertUnwindSafe(drop_database(&own)).catch_unwind().await;
    if let Err(panic) = result.and(dropped) {
        resume_unwind(panic);
    }
}

static SAY_SKIPPED: Once = Once::new();

fn say_skipped() {
    say(&format!(
        "skipped: {VARIABLE} is not set: nothing of the store's suite ran on SQL Server"
    ));
}

/// Writes a line directly to stderr, because the test harness would hide it.
pub(crate) fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own setting; unique names need the machine's clock"
)]
fn server() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|server| !server.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "unique among runs that share a server")]
fn unique_name() -> String {
    format!("ciam_test_{}", uuid::Uuid::new_v4().simple())
}

async fn connect(connection_string: &str) -> Result<Connection, Error> {
    let mut config = Config::from_ado_string(connection_string)?;
    config.command_timeout(Some(PATIENCE));
    match dial(config.clone()).await {
        Err(Error::Routing { host, port }) => {
            config.host(host);
            config.port(port);
            dial(config).await
        }
        connected => connected,
    }
}

async fn dial(config: Config) -> Result<Connection, Error> {
    let tcp = TcpStream::connect(config.get_addr()).await?;
    tcp.set_nodelay(true)?;
    Box::pin(Client::connect(config, tcp.compat_write())).await
}

pub(crate) async fn statement(connection: &mut Connection, sql: &str) -> Result<(), Error> {
    connection.simple_query(sql).await?.into_results().await?;
    Ok(())
}

async fn create(own: &OwnDatabase) {
    let mut master = connect(&own.server).await.unwrap();
    let sql = format!("CREATE DATABASE {}", own.name);
    statement(&mut master, &sql).await.unwrap();
}

async fn drop_database(own: &OwnDatabase) {
    let name = &own.name;
    patiently("drop the database", || async {
        let mut master = connect(&own.server).await?;
        // Closes connections that are still open. Not every engine has this; the others notice closed connections by
        // themselves.
        let alone = format!("ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
        let _ = statement(&mut master, &alone).await;
        statement(&mut master, &format!("DROP DATABASE IF EXISTS {name}")).await
    })
    .await;
}

/// Repeats an attempt until it succeeds: servers take a moment to notice that a database exists, or that nobody uses it.
async fn patiently<T, F>(what: &str, mut attempt: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, Error>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        match attempt().await {
            Ok(done) => return done,
            Err(error) => assert!(Instant::now() < deadline, "{what}: {error}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
