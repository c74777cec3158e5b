//! Vault and clock in one, for tests.

use super::*;

pub(in crate::boot) const HOUR: Duration = Duration::from_hours(1);

/// How the vault answers.
#[derive(Debug, Clone, Copy)]
pub(in crate::boot) enum Answer {
    Values {
        client_secret: &'static str,
        connection_string: &'static str,
    },
    TimedOut,
    Busy(Duration),
}

/// The string of a vault that nobody has touched.
pub(in crate::boot) const OLD: &str = "Server=db;Database=crm;User ID=app;Password=old";

#[derive(Debug)]
pub(in crate::boot) struct Fake(Mutex<State>);

#[derive(Debug)]
struct State {
    answer: Answer,
    reads: u32,
    now: OffsetDateTime,
    /// Passes before the vault answers.
    delay: Duration,
}

impl Fake {
    pub(in crate::boot) fn new() -> Arc<Self> {
        let state = State {
            answer: Answer::TimedOut,
            reads: 0,
            now: time::macros::datetime!(2026-11-28 10:00 UTC),
            delay: Duration::ZERO,
        };
        let fake = Arc::new(Self(Mutex::new(state)));
        fake.has("old", OLD);
        fake
    }

    /// A reader of this vault, with a schedule of an hour.
    pub(in crate::boot) fn reader(self: &Arc<Self>) -> SecretReader {
        self.reader_every(Some(HOUR))
    }

    pub(super) fn reader_every(self: &Arc<Self>, refresh: Option<Duration>) -> SecretReader {
        SecretReader::new(
            Arc::clone(self) as Arc<dyn Source>,
            Arc::clone(self) as Arc<dyn Clock>,
            refresh,
        )
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::boot) fn answers(&self, answer: Answer) {
        self.state().answer = answer;
    }

    pub(in crate::boot) fn has(&self, client_secret: &'static str, connection_string: &'static str) {
        self.answers(Answer::Values {
            client_secret,
            connection_string,
        });
    }

    pub(in crate::boot) fn pass(&self, time: Duration) {
        self.state().now += time;
    }

    pub(in crate::boot) fn set_clock_back(&self, time: Duration) {
        self.state().now -= time;
    }

    pub(in crate::boot) fn answers_after(&self, delay: Duration) {
        self.state().delay = delay;
    }

    pub(in crate::boot) fn reads(&self) -> u32 {
        self.state().reads
    }
}

/// Waits for the end of a read that is under way.
pub(in crate::boot) async fn ended(reader: &SecretReader) {
    if let Some(mut reading) = reader.reading(|_, _| false) {
        reading.changed().await.ok();
    }
}

impl Clock for Fake {
    fn now(&self) -> OffsetDateTime {
        self.state().now
    }
}

#[async_trait]
impl Source for Fake {
    async fn read(&self, _: OffsetDateTime) -> Result<Held, VaultError> {
        tokio::task::yield_now().await;
        let answer = {
            let mut state = self.state();
            state.reads += 1;
            let delay = state.delay;
            state.now += delay;
            state.answer
        };
        match answer {
            Answer::Values {
                client_secret,
                connection_string,
            } => Ok(Held::All(Secrets {
                tenant_id: "t".to_owned(),
                payload_schema_id: "p".to_owned(),
                client_id: "c".into(),
                client_secret: client_secret.into(),
                sqlserver_connection_string: Some(connection_string.into()),
            })),
            Answer::TimedOut => Err(VaultError::TimedOut { within: HOUR }),
            Answer::Busy(after) => Err(VaultError::Busy {
                name: "n".to_owned(),
                after,
            }),
        }
    }
}
