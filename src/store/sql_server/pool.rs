//! Connections. They use TLS unless the connection string says otherwise, and limit every wait.

use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, PoolError, RecycleError, RecycleResult, TimeoutType};
use tiberius::Config;
use tiberius::error::Error;

use super::access::{self, Access, Fixed};
use super::dial::{self, Client, Resolver, SystemResolver};
use super::dials::Dials;
use super::error::{Fault, describe, refused, unavailable};
use super::session::{Session, Transaction};
use crate::store::error::StoreError;
use crate::store::transition::millis;

/// A connection that was unused for longer is tested before it is used.
const MAX_IDLE: Duration = Duration::from_secs(15);

/// Connections besides the pool. Two are enough: a heart-beat takes a millisecond, and a process has few leases.
const HEARTBEAT_CONNECTIONS: usize = 2;

/// How [`super::SqlServerStore`] connects to its server.
#[derive(Debug, Clone)]
pub struct SqlServerOptions {
    /// Host and port, for messages.
    pub server: String,
    /// Knows server, database and log-in.
    pub access: Arc<dyn Access>,
    /// Most connections, besides two for heart-beats.
    pub pool_size: usize,
    /// Time limit for opening a connection, log-in included.
    pub connect_timeout: Duration,
    /// Time limit for one answer of the server.
    pub command_timeout: Duration,
    /// Longest wait for a free connection.
    pub wait_timeout: Duration,
    /// Older connections are not used again, so that a failed-over or rescaled database is found again.
    pub max_age: Duration,
    /// Looks up the server's addresses.
    pub resolver: Arc<dyn Resolver>,
    /// First seed of the jitter between repeated transactions; different in every process.
    pub jitter_seed: u64,
}

impl SqlServerOptions {
    /// Defaults: ten connections, and time limits that suit a serverless database that has to wake up.
    pub fn new(config: Config) -> Self {
        Self::with(config.get_addr(), Arc::new(Fixed(config)))
    }

    /// The same with a log-in that may change.
    pub fn with(server: String, access: Arc<dyn Access>) -> Self {
        Self {
            server,
            access,
            pool_size: 10,
            connect_timeout: Duration::from_secs(30),
            command_timeout: Duration::from_secs(30),
            wait_timeout: Duration::from_secs(10),
            max_age: Duration::from_mins(30),
            resolver: Arc::new(SystemResolver),
            jitter_seed: 0,
        }
    }
}

/// Time limits of the driver.
#[derive(Clone, Copy)]
struct Limits {
    connect: Duration,
    command: Duration,
}

impl Limits {
    fn applied_to(self, mut config: Config) -> Config {
        config.handshake_timeout(Some(self.connect));
        config.command_timeout(Some(self.command));
        // A damaged text of the CRM is an error of its row, not of the whole answer (`crm_text`).
        config.lossy_utf16_decoding(true);
        config
    }
}

/// Opens connections, and tests those that were unused for a while.
pub(super) struct Manager {
    access: Arc<dyn Access>,
    resolver: Arc<dyn Resolver>,
    limits: Limits,
    dials: Dials<Client>,
    /// Longest wait for another session's lock, in milliseconds: shorter than the command timeout, so that the server
    /// gives up first and says why.
    lock_timeout: i32,
    max_age: Duration,
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Manager(…)")
    }
}

impl Manager {
    /// `XACT_ABORT` rolls a failed transaction back as a whole, `LOCK_TIMEOUT` limits the wait for locks, and indexes with a
    /// WHERE need the other options (docs/reference/sql-server.md#session-settings).
    fn settings(&self) -> String {
        format!(
            "SET XACT_ABORT ON; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; \
             SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; \
             SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCK_TIMEOUT {};",
            self.lock_timeout
        )
    }
}

impl managed::Manager for Manager {
    type Type = Client;
    type Error = Error;

    async fn create(&self) -> Result<Client, Error> {
        let (access, resolver) = (Arc::clone(&self.access), Arc::clone(&self.resolver));
        let (limits, settings) = (self.limits, self.settings());
        let connect = async move {
            let open = |config| dial::connect(limits.applied_to(config), resolver.as_ref());
            let mut client = access::connect(access.as_ref(), open).await?;
            client.simple_query(settings).await?.into_results().await?;
            Ok(client)
        };
        self.dials.get(connect).await
    }

    async fn recycle(&self, client: &mut Client, metrics: &Metrics) -> RecycleResult<Error> {
        if metrics.age() > self.max_age {
            return Err(RecycleError::message("too old"));
        }
        if metrics.last_used() > MAX_IDLE {
            client.simple_query("SELECT 1").await?.into_results().await?;
        }
        Ok(())
    }
}

/// The connections of one store.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    /// Host and port.
    server: String,
    connections: managed::Pool<Manager>,
    /// Heart-beats have their own connections and never wait for other work (docs/ARCHITECTURE.md#leases).
    heartbeats: managed::Pool<Manager>,
    lock_timeout: i32,
}

impl Pool {
    pub(super) fn new(options: &SqlServerOptions) -> Result<Self, StoreError> {
        let limits = Limits {
            connect: options.connect_timeout,
            command: options.command_timeout,
        };
        let lock_timeout = millis(options.command_timeout / 2);
        let pool = |size| {
            let manager = Manager {
                access: Arc::clone(&options.access),
                limits,
                resolver: Arc::clone(&options.resolver),
                dials: Dials::new(options.connect_timeout, MAX_IDLE),
                lock_timeout,
                max_age: options.max_age,
            };
            managed::Pool::builder(manager)
                .max_size(size)
                .runtime(Runtime::Tokio1)
                .wait_timeout(Some(options.wait_timeout))
                .create_timeout(Some(options.connect_timeout))
                .recycle_timeout(Some(options.connect_timeout))
                .build()
                .map_err(|error| refused(CONNECT, &error.to_string()))
        };
        Ok(Self {
            server: options.server.clone(),
            connections: pool(options.pool_size)?,
            heartbeats: pool(HEARTBEAT_CONNECTIONS)?,
            lock_timeout,
        })
    }

    /// Longest wait for another session's lock, in milliseconds.
    pub(super) fn lock_timeout(&self) -> i32 {
        self.lock_timeout
    }

    pub(super) async fn session(&self) -> Result<Session, Fault> {
        self.checkout(&self.connections).await
    }

    /// A connection for renewing a lease or a worker slot.
    pub(super) async fn heartbeat(&self) -> Result<Session, Fault> {
        self.checkout(&self.heartbeats).await
    }

    pub(super) async fn begin(&self) -> Result<Transaction, Fault> {
        Transaction::begin(self.session().await?).await
    }

    async fn checkout(&self, pool: &managed::Pool<Manager>) -> Result<Session, Fault> {
        match Box::pin(pool.get()).await {
            Ok(connection) => Ok(Session::new(connection)),
            Err(error) => {
                let why = format!("{}: {}", self.server, why(&error));
                Err(Fault::Store(unavailable(CONNECT, why)))
            }
        }
    }
}

const CONNECT: &str = "connect to the database";

fn why(error: &PoolError<Error>) -> String {
    match error {
        PoolError::Backend(error) => describe(error),
        PoolError::Timeout(TimeoutType::Wait) => "every connection is in use".to_owned(),
        PoolError::Timeout(_) => "no answer in time".to_owned(),
        other => other.to_string(),
    }
}
