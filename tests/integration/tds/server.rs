//! A server on the loopback.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::login::{self, LogIn};
use super::packet::{self, Stream};
use super::script::Answer;
use super::tls::Identity;
use super::tokens;

/// The levels of encryption in a PRELOGIN message.
const NOT_SUPPORTED: u8 = 2;
const REQUIRED: u8 = 3;

/// Judges a log-in: the number of the error that refuses it.
pub(crate) type Judge = Box<dyn Fn(&LogIn) -> Result<(), u32> + Send + Sync>;
/// Answers a statement.
pub(crate) type Statements = Box<dyn Fn(&str) -> Answer + Send + Sync>;

/// How a server behaves.
pub(crate) struct Behaviour {
    pub(crate) judge: Judge,
    pub(crate) statements: Statements,
    pub(crate) tls: Option<Identity>,
    /// False: connections are accepted, and nothing is answered before [`TdsServer::wake`].
    pub(crate) is_awake: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            judge: Box::new(|_| Ok(())),
            statements: Box::new(|_| Answer::Done),
            tls: None,
            is_awake: true,
        }
    }
}

struct Shared {
    behaviour: Behaviour,
    log_ins: Mutex<Vec<LogIn>>,
    awake: watch::Sender<bool>,
    /// How many connections were accepted.
    connections: watch::Sender<usize>,
    /// How many bytes clients sent after their log-ins.
    received: AtomicUsize,
}

pub(crate) struct TdsServer {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl TdsServer {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, behaviour)
    }

    pub(crate) fn on(listener: TcpListener, behaviour: Behaviour) -> Self {
        let shared = Arc::new(Shared {
            log_ins: Mutex::default(),
            awake: watch::Sender::new(behaviour.is_awake),
            connections: watch::Sender::new(0),
            received: AtomicUsize::new(0),
            behaviour,
        });
        Self {
            address: listener.local_addr().unwrap(),
            accepting: tokio::spawn(accept(listener, Arc::clone(&shared))),
            shared,
        }
    }

    /// Every log-in so far, refused ones included.
    pub(crate) fn log_ins(&self) -> Vec<LogIn> {
        self.shared.log_ins.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    /// How many bytes clients have sent after their log-ins.
    pub(crate) fn received(&self) -> usize {
        self.shared.received.load(Ordering::Relaxed)
    }

    /// Waits until there were this many connections.
    pub(crate) async fn accepted(&self, connections: usize) {
        let mut accepted = self.shared.connections.subscribe();
        accepted.wait_for(|count| *count >= connections).await.unwrap();
    }

    /// From now on the server answers.
    pub(crate) fn wake(&self) {
        self.shared.awake.send_replace(true);
    }
}

impl Drop for TdsServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, which ends all of them.
    let mut sessions = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.send_modify(|count| *count += 1);
        sessions.spawn(session(stream, Arc::clone(&shared)));
    }
}

async fn session(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let mut awake = shared.awake.subscribe();
    awake.wait_for(|awake| *awake).await.map_err(io::Error::other)?;
    let mut stream: Box<dyn Stream> = Box::new(stream);
    packet::read(&mut stream).await?;
    let tls = shared.behaviour.tls.as_ref();
    let encryption = if tls.is_some() { REQUIRED } else { NOT_SUPPORTED };
    packet::write(&mut stream, &tokens::prelogin(encryption), true).await?;
    if let Some(identity) = tls {
        stream = identity.accept(stream).await?;
    }
    // Ends when the client is gone.
    loop {
        let (kind, body) = packet::read(&mut stream).await?;
        if kind != packet::LOGIN {
            shared.received.fetch_add(packet::size(&body), Ordering::Relaxed);
        }
        let answer = match kind {
            packet::LOGIN => {
                let log_in = LogIn::read(&body);
                shared.log_ins.lock().unwrap().push(log_in.clone());
                if let Err(number) = (shared.behaviour.judge)(&log_in) {
                    return packet::write(&mut stream, &tokens::error(number), true).await;
                }
                tokens::logged_in(log_in.token.is_some())
            }
            // The request begins, commits or rolls back: 5, 7, 8.
            packet::TRANSACTION => match body.get(22) {
                Some(5) => tokens::transaction(8),
                Some(7) => tokens::transaction(9),
                _ => tokens::transaction(10),
            },
            packet::SQL_BATCH | packet::RPC => {
                let statement = if kind == packet::RPC {
                    login::rpc(&body)
                } else {
                    login::batch(&body)
                };
                match (shared.behaviour.statements)(&statement) {
                    Answer::Done => tokens::done(),
                    Answer::Error(number) => tokens::error(number),
                    Answer::Rows(rows) => [tokens::rows(&rows), tokens::done()].concat(),
                    Answer::Cut(rows) => return packet::write(&mut stream, &tokens::rows(&rows), false).await,
                    Answer::Silence => std::future::pending().await,
                }
            }
            other => return Err(io::Error::other(format!("a message of kind {other}"))),
        };
        packet::write(&mut stream, &answer, true).await?;
    }
}
