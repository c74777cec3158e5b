//! `X-Idempotency-Key` on POST (row 11).

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use axum::http::Method;
use time::OffsetDateTime;

use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::switches::choices::{ConcurrentKey, KeyLength, OtherBody};

/// How long a key is remembered.
const WINDOW: Duration = Duration::from_mins(1);

/// Client, path and key. The same text on another path or from another client is another key.
type Key = (String, String, String);

#[derive(Debug)]
struct Entry {
    at: OffsetDateTime,
    fingerprint: u64,
    answer: Option<Reply>,
}

/// What to do with a request.
#[derive(Debug)]
pub(crate) enum Admission {
    /// Execute it. With a slot, report the answer.
    Execute(Option<Slot>),
    /// Answer with this and execute nothing.
    Replay(Reply),
}

/// A key that is being executed.
#[derive(Debug)]
pub(crate) struct Slot(Key);

/// Keys of the last minute.
#[derive(Debug, Default)]
pub(crate) struct IdempotencyKeys {
    entries: HashMap<Key, Entry>,
    order: VecDeque<(OffsetDateTime, Key)>,
}

impl IdempotencyKeys {
    /// Decides whether to execute a request. One without a key, or with another method than POST, is executed.
    pub(crate) fn admit(&mut self, method: &Method, call: &Call) -> Result<Admission, ApiError> {
        let Some(key) = call.header("x-idempotency-key").filter(|_| method == Method::POST) else {
            return Ok(Admission::Execute(None));
        };
        if !(32..=255).contains(&key.len()) {
            return match *call.switches.idempotency_key_length {
                KeyLength::Ignored => Ok(Admission::Execute(None)),
                KeyLength::Refused => Err(ApiError::bad_request("X-Idempotency-Key takes 32 to 255 characters")),
            };
        }
        self.expire(call.now);
        let key = (call.client_id.clone(), call.uri.path().to_owned(), key.to_owned());
        let fingerprint = fingerprint(call);
        if let Some(entry) = self.entries.get(&key) {
            return entry.meet(call, fingerprint);
        }
        let entry = Entry {
            at: call.now,
            fingerprint,
            answer: None,
        };
        self.order.push_back((call.now, key.clone()));
        self.entries.insert(key.clone(), entry);
        Ok(Admission::Execute(Some(Slot(key))))
    }

    /// Keeps the answer of an executed request.
    pub(crate) fn complete(&mut self, slot: &Slot, answer: &Reply) {
        if let Some(entry) = self.entries.get_mut(&slot.0) {
            entry.answer = Some(answer.clone());
        }
    }

    /// Forgets a request that a fault refused before its effect.
    pub(crate) fn release(&mut self, slot: &Slot) {
        self.entries.remove(&slot.0);
    }

    fn expire(&mut self, now: OffsetDateTime) {
        while self.order.front().is_some_and(|(at, _)| *at + WINDOW <= now)
            && let Some((at, key)) = self.order.pop_front()
        {
            if self.entries.get(&key).is_some_and(|entry| entry.at == at) {
                self.entries.remove(&key);
            }
        }
    }
}

impl Entry {
    fn meet(&self, call: &Call, fingerprint: u64) -> Result<Admission, ApiError> {
        if fingerprint != self.fingerprint {
            let reused = "The idempotency key was used for another request";
            match *call.switches.idempotency_other_body {
                OtherBody::Refused => return Err(ApiError::unprocessable(reused)),
                OtherBody::Conflict => return Err(ApiError::conflict(reused)),
                OtherBody::Replayed => {}
            }
        }
        match (&self.answer, *call.switches.idempotency_concurrent) {
            (Some(answer), _) => {
                let answer = answer.clone().header("x-idempotent-replayed", "true".to_owned());
                Ok(Admission::Replay(answer))
            }
            (None, ConcurrentKey::Executed) => Ok(Admission::Execute(None)),
            (None, ConcurrentKey::Refused) => Err(ApiError::conflict("A request with this idempotency key is running")),
        }
    }
}

fn fingerprint(call: &Call) -> u64 {
    let mut hasher = DefaultHasher::new();
    call.uri.query().hash(&mut hasher);
    call.body.hash(&mut hasher);
    hasher.finish()
}
