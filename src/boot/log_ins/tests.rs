use std::time::Duration;

use futures_util::future::join_all;

use super::super::secret_reader::fake::{Answer, Fake, HOUR, OLD, ended};
use super::*;

const NEW: &str = "Server=db;Database=crm;User ID=app;Password=new";
const PRINCIPAL: &str =
    "Server=db;Database=crm;Authentication=Active Directory Service Principal;User ID=c@t;Password=p";

/// They begin with [`OLD`], and the vault may be asked again.
async fn log_ins() -> (Arc<Fake>, LogIns) {
    log_ins_with(OLD).await
}

async fn log_ins_with(string: &'static str) -> (Arc<Fake>, LogIns) {
    let fake = Fake::new();
    fake.has("old", string);
    let secrets = fake.reader();
    let held = secrets.newest().await.unwrap();
    let clock = Arc::clone(&fake) as Arc<dyn Clock>;
    let log_ins = LogIns::new(secrets, held, false, Identity::Developer, clock).unwrap();
    (fake, log_ins)
}

async fn instead_of(log_ins: &LogIns, edition: u64) -> Option<u64> {
    log_ins.instead_of(edition).await.map(|log_in| log_in.edition)
}

#[tokio::test]
async fn after_a_refused_log_in_the_string_is_read_again_once_for_all_and_at_most_once_a_minute() {
    let (fake, log_ins) = log_ins().await;
    fake.has("old", NEW);
    assert_eq!(
        instead_of(&log_ins, 0).await,
        None,
        "it was read less than a minute ago"
    );
    assert_eq!(fake.reads(), 1);
    fake.pass(LEAST);
    let others = join_all((0..20).map(|_| instead_of(&log_ins, 0))).await;
    assert_eq!(others, [Some(1); 20]);
    assert_eq!(fake.reads(), 2);
    // The new one is refused too.
    assert_eq!(instead_of(&log_ins, 1).await, None);
    assert_eq!(fake.reads(), 2);
    fake.pass(LEAST);
    assert_eq!(instead_of(&log_ins, 1).await, None, "it has not changed");
    assert_eq!(fake.reads(), 3);
}

/// The edition of a new connection, and of the next one, when a read that the first one began has ended.
async fn editions(log_ins: &LogIns) -> (u64, u64) {
    let first = log_ins.log_in().await.unwrap().edition;
    ended(&log_ins.secrets).await;
    (first, log_ins.log_in().await.unwrap().edition)
}

#[tokio::test]
async fn new_connections_get_the_string_of_the_last_read_unless_it_cannot_be_used() {
    let (fake, log_ins) = log_ins().await;
    fake.answers(Answer::TimedOut);
    fake.pass(HOUR);
    assert_eq!(editions(&log_ins).await, (0, 0));
    fake.has("old", "a;b");
    fake.pass(LEAST);
    assert_eq!(editions(&log_ins).await, (0, 0));
    fake.has("new", OLD);
    fake.pass(HOUR);
    assert_eq!(editions(&log_ins).await, (0, 0), "another secret has changed");
    fake.has("new", NEW);
    fake.pass(HOUR.saturating_sub(Duration::from_secs(1)));
    assert_eq!(editions(&log_ins).await, (0, 0));
    fake.pass(Duration::from_secs(1));
    assert_eq!(editions(&log_ins).await, (0, 1));
    assert_eq!(fake.reads(), 5);
}

#[tokio::test]
async fn a_refused_token_is_dropped_at_most_once_a_minute_and_again_when_the_clock_has_gone_back() {
    let (fake, log_ins) = log_ins_with(PRINCIPAL).await;
    let drop_token = |edition| {
        log_ins.drop_token(edition);
        log_ins.current().edition
    };
    assert_eq!(drop_token(0), 1);
    assert_eq!(drop_token(1), 1);
    fake.pass(LEAST);
    assert_eq!(drop_token(0), 1, "another one has come since then");
    assert_eq!(drop_token(1), 2);
    fake.set_clock_back(HOUR);
    assert_eq!(drop_token(2), 3);
}
