//! A proxy before the simulator that changes a share of the answers. Which ones follows from the call and how often it was made, and
//! not from the order in which calls at the same time arrive.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::mutator::Mutator;
use super::reply::{PAUSES, Reply};
use super::server::{Source, head_length, whole_message};

/// Statuses of a server that did nothing.
const REFUSALS: [u16; 7] = [400, 404, 405, 409, 412, 413, 422];
/// Header lines that the server writes itself.
const FRAMING: [&str; 2] = ["content-length:", "connection:"];

pub(super) struct Proxy {
    simulator: SocketAddr,
    seed: u64,
    /// One in so many answers is changed.
    one_in: usize,
    /// Whether a changed answer may be a lie.
    may_lie: bool,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    /// How often each call was made.
    calls: HashMap<String, u64>,
    changed: Vec<String>,
    has_lied: bool,
}

impl Proxy {
    pub(super) fn new(simulator: SocketAddr, random: &mut Mutator) -> Self {
        Self {
            simulator,
            seed: random.seed(),
            one_in: *random.one_of(&[2, 3, 4, 8]),
            may_lie: random.once_in(3),
            log: Mutex::default(),
        }
    }

    /// Whether an answer looked good and was not true.
    pub(super) fn has_lied(&self) -> bool {
        self.log().has_lied
    }

    /// The changed answers, each with its call.
    pub(super) fn changed(&self) -> Vec<String> {
        self.log().changed.clone()
    }

    /// The simulator's answer.
    async fn forward(&self, request: &[u8]) -> Option<Reply> {
        let mut stream = TcpStream::connect(self.simulator).await.ok()?;
        stream.write_all(request).await.ok()?;
        let mut received = Vec::new();
        let length = whole_message(&mut stream, &mut received).await?;
        let (head, body) = received[..length].split_at(head_length(&received)?);
        let head = std::str::from_utf8(head).ok()?;
        let (first, lines) = head.split_once("\r\n")?;
        let status = first.split(' ').nth(1)?.parse().ok()?;
        let is_kept = |line: &&str| !FRAMING.iter().any(|name| line.to_ascii_lowercase().starts_with(name));
        let lines = lines.split_inclusive("\r\n").filter(|line| *line != "\r\n");
        let head = lines.filter(is_kept).collect::<String>().into_bytes();
        Some(Reply::whole(status, head, body.to_vec()))
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Proxy {
    async fn reply(&self, request: &[u8]) -> Reply {
        let truth = self.forward(request).await;
        let truth = truth.unwrap_or_else(|| Reply::good(502, &json!({})));
        let first = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let call = String::from_utf8_lossy(first).into_owned();
        let mut log = self.log();
        let number = log.calls.entry(call.clone()).or_default();
        *number += 1;
        let mut hasher = DefaultHasher::new();
        (&call, *number).hash(&mut hasher);
        let mut random = Mutator::new(self.seed, hasher.finish());
        if !random.once_in(self.one_in) {
            return truth;
        }
        let mut reply = truth.changed(&mut random);
        // The client would be slow for the rest of its life.
        if PAUSES.contains(&reply.status) || (!self.may_lie && is_lie(&call, &reply, &truth)) {
            reply = truth.with_status(&mut random, 500);
        }
        // The run would rightly wait as long.
        let reply = reply.without_a_wait();
        log.has_lied |= is_lie(&call, &reply, &truth);
        log.changed.push(format!("{call}: {}", reply.describe()));
        reply
    }
}

/// Whether the client cannot see that an answer is not true: it says that a resource is absent, or shows another one than there is, or
/// claims a success, or refuses a change that was made.
fn is_lie(call: &str, reply: &Reply, truth: &Reply) -> bool {
    let looks_good = reply.is_whole() && matches!(reply.status, 200..=299 | 404);
    let is_same = reply.status == truth.status && reply.json() == truth.json();
    let is_done = !call.starts_with("GET ") && matches!(truth.status, 200..=299);
    (looks_good && !is_same) || (is_done && REFUSALS.contains(&reply.status))
}
