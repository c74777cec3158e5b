//! A whole onboarding on SQL Server, and how much of it goes over the network. Needs a server, as the store's suite does.
//!
//! `PACKAGED_PROGRAM` is the path of a program to onboard with, in place of the one that Cargo built for the tests.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use local_stack::{HttpAnswer, Stack};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::store::db::Db as _;
use crate::store::own_database::{OwnDatabase, on_own_database, say};
use crate::store::sql_server_db::SqlServerDb;
use crate::support::{options, status};

const BILLER: &str = "1876";
const USERS: u64 = 100_000;
/// Long enough for an unoptimized build and a server on the same two cores.
const DEADLINE: Duration = Duration::from_mins(30);
/// Time between two looks at the status, each of which asks the database, too.
const LOOK: Duration = Duration::from_secs(5);

/// Passes on what goes to and from a server, and counts what goes to it.
struct Counter {
    port: u16,
    sent: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl Counter {
    async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sent = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&sent);
        let accepting = tokio::spawn(async move {
            // Ends with this task.
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, server.clone(), Arc::clone(&count)));
            }
        });
        Self { port, sent, accepting }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass_on(client: TcpStream, server: String, count: Arc<AtomicU64>) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::select! {
        ended = counted(&mut from_client, &mut to_server, &count) => ended,
        ended = copy(&mut from_server, &mut to_client) => ended.map(drop),
    }
}

async fn counted(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    count: &AtomicU64,
) -> io::Result<()> {
    let mut part = vec![0; 64 * 1024];
    // Ends when the client is gone.
    loop {
        let length = from.read(&mut part).await?;
        if length == 0 {
            return Ok(());
        }
        count.fetch_add(u64::try_from(length).unwrap(), Ordering::Relaxed);
        to.write_all(&part[..length]).await?;
    }
}

/// The database's connection string by way of the counter. A certificate is checked for the server's own name.
fn by_way_of(counter: &Counter, own: &OwnDatabase) -> String {
    let text = own.connection_string();
    let way = format!("{text};Server=tcp:127.0.0.1,{}", counter.port);
    if ["trustservercertificate", "hostnameincertificate", "danger_plaintext"]
        .iter()
        .any(|word| text.to_lowercase().contains(word))
    {
        return way;
    }
    let address = own.address();
    let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
    format!("{way};HostNameInCertificate={host}")
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(sql_server), ignore = "TEST_SQL_SERVER is not set")]
async fn a_hundred_thousand_users_are_onboarded_with_at_most_315_bytes_each_to_the_server() {
    on_own_database(async |own| onboard(own).await).await;
}

async fn onboard(own: &OwnDatabase) {
    let db = SqlServerDb::create(own).await;
    db.add_biller(BILLER, Some("City of Sample")).await;
    add_users(&db).await;
    let counter = Counter::before(own.address()).await;
    // As in production, what is sent by the clock is sent seldom.
    let mut options = options()
        .patient()
        .set("HEARTBEAT", "30s")
        .set("DATABASE", "sqlserver")
        .set("SQLSERVER_CONNECTION_STRING", by_way_of(&counter, own));
    options.timer_interval = None;
    if let Some(program) = packaged_program() {
        options.handler = program;
    }
    let stack = Stack::start(options).await.unwrap();
    let before = counter.sent.load(Ordering::Relaxed);
    let began = Instant::now();
    let answer = stack.front_door().toggle(BILLER, true).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text);
    let ended = ended(&stack).await;
    let took = began.elapsed();
    assert_eq!(ended.text_at("/onboarding/state"), "succeeded", "{}", ended.text);
    assert_eq!(ended.number_at("/onboarding/progress/imported"), USERS);
    assert_eq!(ended.number_at("/onboarding/progress/failed"), 0);
    assert_eq!(ended.number_at("/onboarding/issuesTotal"), 0);
    let each = (counter.sent.load(Ordering::Relaxed) - before) / USERS;
    say(&format!(
        "{USERS} users on SQL Server: {each} bytes each to the server, {took:.0?}"
    ));
    assert!(each <= 315, "{each} bytes for each user");
}

fn packaged_program() -> Option<PathBuf> {
    std::env::var_os("PACKAGED_PROGRAM").map(PathBuf::from)
}

/// Numbered from 0; the five digits of a number are those of five lists.
async fn add_users(db: &SqlServerDb) {
    let digits = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))";
    let sql = format!(
        "INSERT INTO crm.BillerUser (BillerId, UserGuid, UserName, FirstName, LastName, Email, Status) \
         SELECT @P1, NEWID(), CONCAT(N'user-', n.Number), N'Jane', CONCAT(N'Doe-', n.Number), \
            CONCAT(N'user-', n.Number, N'@example.org'), N'active' \
         FROM (SELECT a.D + 10 * b.D + 100 * c.D + 1000 * d.D + 10000 * e.D AS Number \
            FROM {digits} AS a (D) CROSS JOIN {digits} AS b (D) CROSS JOIN {digits} AS c (D) CROSS JOIN {digits} AS d (D) \
            CROSS JOIN {digits} AS e (D)) AS n"
    );
    db.execute(&sql, &[&BILLER]).await;
}

/// The status once the run has ended.
async fn ended(stack: &Stack) -> HttpAnswer {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let answer = status(stack, BILLER).await.unwrap();
        if ["succeeded", "failed", "stuck"].contains(&answer.text_at("/onboarding/state")) {
            return answer;
        }
        assert!(Instant::now() < deadline, "not ended in time: {}", answer.text);
        sleep(LOOK).await;
    }
}
