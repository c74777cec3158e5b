use futures_util::future::join_all;

use super::*;

const START: OffsetDateTime = time::macros::datetime!(2026-11-28 10:00 UTC);
const HOUR: Duration = Duration::from_hours(1);

/// Vault and clock in one: what the string is, how often it was read, and the time.
#[derive(Debug)]
struct Fake(Mutex<State>);

#[derive(Debug, Clone)]
struct State {
    password: Option<&'static str>,
    reads: u32,
    now: OffsetDateTime,
}

impl Fake {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn pass(&self, time: Duration) {
        self.with(|state| state.now += time);
    }
}

impl Clock for Fake {
    fn now(&self) -> OffsetDateTime {
        self.with(|state| state.now)
    }
}

#[async_trait]
impl Source for Fake {
    async fn read(&self, _: OffsetDateTime) -> Result<Option<SecretString>, VaultError> {
        tokio::task::yield_now().await;
        self.with(|state| {
            state.reads += 1;
            let within = HOUR;
            let password = state.password.ok_or(VaultError::TimedOut { within })?;
            Ok(Some(string(password)))
        })
    }
}

fn string(password: &str) -> SecretString {
    format!("Server=db;Database=crm;User ID=app;Password={password}").into()
}

fn log_ins() -> (Arc<Fake>, LogIns) {
    let fake = Arc::new(Fake(Mutex::new(State {
        password: Some("old"),
        reads: 0,
        now: START,
    })));
    let (source, clock) = (
        Arc::clone(&fake) as Arc<dyn Source>,
        Arc::clone(&fake) as Arc<dyn Clock>,
    );
    let log_ins = LogIns::new(source, string("old"), false, Identity::Developer, Some(HOUR), clock).unwrap();
    (fake, log_ins)
}

#[tokio::test]
async fn a_refused_string_is_read_again_once_for_all_and_at_most_once_a_minute() {
    let (fake, log_ins) = log_ins();
    fake.with(|state| state.password = Some("new"));
    assert!(
        log_ins.instead_of(0).await.is_none(),
        "it was read less than a minute ago"
    );
    assert_eq!(fake.with(|state| state.reads), 0);
    fake.pass(LEAST);
    let others = join_all((0..20).map(|_| log_ins.instead_of(0))).await;
    assert!(
        others
            .iter()
            .all(|other| other.as_ref().is_some_and(|log_in| log_in.edition == 1))
    );
    assert_eq!(fake.with(|state| state.reads), 1);
    // The new one is refused too.
    assert!(log_ins.instead_of(1).await.is_none());
    assert_eq!(fake.with(|state| state.reads), 1);
    fake.pass(LEAST);
    assert!(log_ins.instead_of(1).await.is_none(), "it has not changed");
    assert_eq!(fake.with(|state| state.reads), 2);
}

/// The edition of a new connection, and of the next one, when a read that the first one began has ended.
async fn editions(log_ins: &LogIns) -> (u64, u64) {
    let first = log_ins.log_in().await.unwrap().edition;
    // The read is the only other task; it yields once.
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
    (first, log_ins.log_in().await.unwrap().edition)
}

#[tokio::test]
async fn a_string_is_read_again_on_schedule_and_stays_when_the_vault_is_away_or_has_nonsense() {
    let (fake, log_ins) = log_ins();
    fake.with(|state| state.password = None);
    fake.pass(HOUR);
    assert_eq!(editions(&log_ins).await, (0, 0));
    assert_eq!(
        fake.with(|state| state.reads),
        1,
        "the vault is left alone for a minute"
    );
    fake.with(|state| state.password = Some("a;b"));
    fake.pass(LEAST);
    assert_eq!(editions(&log_ins).await, (0, 0));
    assert_eq!(fake.with(|state| state.reads), 2);
    fake.with(|state| state.password = Some("new"));
    fake.pass(Duration::from_mins(59));
    assert_eq!(
        editions(&log_ins).await,
        (0, 0),
        "the vault has answered less than an hour ago"
    );
    fake.pass(LEAST);
    assert_eq!(editions(&log_ins).await, (0, 1));
}
