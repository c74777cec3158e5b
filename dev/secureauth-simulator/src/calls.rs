//! The call log: requests and answers, without secrets.

use std::collections::VecDeque;

use axum::http::HeaderMap;
use serde::Serialize;
use time::OffsetDateTime;

/// Most calls that are kept. The oldest are dropped.
const CAPACITY: usize = 200_000;

/// One request the simulator received.
#[derive(Debug, Clone, Serialize)]
pub struct CallRecord {
    /// 1, 2, 3 … in the order of arrival.
    pub sequence: u64,
    /// Arrival, by the simulator's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// When the answer was ready or the connection was cut, by the simulator's clock; `None` while the call runs.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query as sent, undecoded.
    pub query: Option<String>,
    /// Name of the operation; `None` for an unknown path.
    pub operation: Option<String>,
    /// Status of the answer; `None` while the call runs, and when the connection was cut.
    pub status: Option<u16>,
    /// True when the connection was cut instead of an answer.
    pub reset: bool,
    /// True when the answer was a replay by idempotency key.
    pub replayed: bool,
    /// `X-Correlation-ID` as sent.
    pub correlation_id: Option<String>,
    /// `X-Idempotency-Key` as sent.
    pub idempotency_key: Option<String>,
    /// `traceparent` as sent.
    pub traceparent: Option<String>,
    /// `x-trace-id` of the answer.
    pub trace_id: String,
    /// Names of the request's headers, sorted; never their values.
    pub header_names: Vec<String>,
    /// Request body, when the switch `keep-request-bodies` is on; never of the token endpoint.
    pub body: Option<String>,
}

/// The requests that arrived, oldest first; at most [`CAPACITY`] are kept.
#[derive(Debug, Default)]
pub(crate) struct CallLog {
    last_sequence: u64,
    records: VecDeque<CallRecord>,
}

impl CallLog {
    /// Adds a request. Returns its sequence number.
    pub(crate) fn begin(&mut self, arrival: &Arrival<'_>) -> u64 {
        self.last_sequence += 1;
        if self.records.len() >= CAPACITY {
            self.records.pop_front();
        }
        let text = |name| {
            arrival
                .headers
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(str::to_owned)
        };
        let mut header_names: Vec<String> = arrival.headers.keys().map(ToString::to_string).collect();
        header_names.sort_unstable();
        self.records.push_back(CallRecord {
            sequence: self.last_sequence,
            at: arrival.at,
            ended_at: None,
            method: arrival.method.to_owned(),
            path: arrival.path.to_owned(),
            query: arrival.query.map(str::to_owned),
            operation: arrival.operation.map(str::to_owned),
            status: None,
            reset: false,
            replayed: false,
            correlation_id: text("x-correlation-id"),
            idempotency_key: text("x-idempotency-key"),
            traceparent: text("traceparent"),
            trace_id: arrival.trace_id.to_owned(),
            header_names,
            body: None,
        });
        self.last_sequence
    }

    /// Changes a record, unless it was cleared.
    pub(crate) fn update(&mut self, sequence: u64, change: impl FnOnce(&mut CallRecord)) {
        if let Ok(index) = self.records.binary_search_by_key(&sequence, |record| record.sequence)
            && let Some(record) = self.records.get_mut(index)
        {
            change(record);
        }
    }

    /// Every record, oldest first.
    pub(crate) fn all(&self) -> Vec<CallRecord> {
        self.records.iter().cloned().collect()
    }

    /// Removes all records. Sequence numbers go on.
    pub(crate) fn clear(&mut self) {
        self.records.clear();
    }
}

/// Data of a request when it arrives.
#[derive(Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) at: OffsetDateTime,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) operation: Option<&'static str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) trace_id: &'a str,
}
