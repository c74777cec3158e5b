//! Fault injection per operation and per n-th call (row 13).

mod check;
mod hold;
mod plan;
mod wrong_subject;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use hold::Gate;
pub(crate) use hold::Hold;
pub(crate) use plan::{FaultPlan, PartialUsers};
pub(crate) use wrong_subject::redirect;

/// A fault: which calls it applies to and what it does. Several can apply to one call.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub struct Fault {
    /// Name of the operation (`GET /admin` lists them); every operation when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only calls whose path contains this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
    /// The first matching call that it applies to, counted from 1 when the fault was added. Default: 1, with
    /// `every` that number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// From then on each `every`-th matching call. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// Most calls that it applies to. Default: 1 when only `nth` is given, else no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What it does.
    #[serde(flatten)]
    pub kind: FaultKind,
}

/// What a fault does.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// Waits before the effect, or between effect and answer. The call takes effect even if the client
    /// closes the connection meanwhile.
    Delay {
        /// Milliseconds.
        ms: u64,
        /// Wait after the effect.
        #[serde(default)]
        after_effect: bool,
    },
    /// Holds the call before its effect, or between effect and answer, until the fault is removed. Meanwhile a test changes
    /// the world.
    Hold {
        /// Hold after the effect.
        #[serde(default)]
        after_effect: bool,
    },
    /// Cuts the connection before the effect.
    ResetBefore,
    /// Cuts the connection after the effect: the answer is lost.
    ResetAfter,
    /// Answers with this status.
    Status(FaultStatus),
    /// An import applies some users, then answers 500.
    PartialImport {
        /// Users applied; half of the request when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        users: Option<usize>,
    },
    /// Answers a read with another resource of the same kind, in perfect form. Where the tenant has no other, the answer is the usual
    /// one.
    WrongSubject,
    /// Lagging reads do not show the effect of the call.
    ReadLag {
        /// Milliseconds of the simulator's clock.
        ms: u64,
    },
}

/// The answer of a status fault.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Default)]
pub struct FaultStatus {
    /// 400 to 599.
    pub status: u16,
    /// Body; by default JSON, for 502, 503 and 504 as the switch `gateway-error-body` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<FaultBody>,
    /// `error_code` of a JSON body instead of the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// `retry-after`, sent as given (seconds or an HTTP date).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// `www-authenticate`, sent as given (RFC 6750).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub www_authenticate: Option<String>,
    /// Adds `x-external-error`, as when code of the tenant failed.
    #[serde(default)]
    pub external_error: bool,
    /// The call takes effect; only its answer is replaced.
    #[serde(default)]
    pub after_effect: bool,
}

/// Body of a status fault.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum FaultBody {
    /// The common error body.
    Json,
    /// The common error body without `error_code`.
    Bare,
    /// The OAuth form: `{"error": code, "error_description"}`.
    OAuth,
    /// An HTML page, as of a gateway.
    Html,
    /// No body.
    Empty,
}

/// A fault that was added, with counts of its calls.
#[derive(Debug, Clone, Serialize)]
pub struct ActiveFault {
    /// Its number, for `DELETE /admin/faults/{id}`.
    pub id: u64,
    /// Calls that matched.
    pub matched: u64,
    /// Calls that it applied to.
    pub fired: u64,
    /// Calls that it holds or has held: of a call on its way to the place where it is held, `fired` tells and this does not.
    pub held: u64,
    /// The fault as it was added.
    #[serde(flatten)]
    pub fault: Fault,
}

impl Fault {
    /// A fault of `kind` on every call of `operation`.
    pub fn on(operation: &str, kind: FaultKind) -> Self {
        Self {
            operation: Some(operation.to_owned()),
            path_contains: None,
            nth: None,
            every: None,
            count: None,
            kind,
        }
    }

    /// Only the `nth` matching call, counted from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    /// Each `every`-th matching call.
    #[must_use]
    pub fn every(mut self, every: u64) -> Self {
        self.every = Some(every);
        self
    }

    /// At most `count` calls.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Only paths that contain `part`.
    #[must_use]
    pub fn path(mut self, part: &str) -> Self {
        self.path_contains = Some(part.to_owned());
        self
    }

    fn matches(&self, operation: &str, path: &str) -> bool {
        self.operation.as_deref().is_none_or(|wanted| wanted == operation)
            && self.path_contains.as_deref().is_none_or(|part| path.contains(part))
    }

    /// Whether it applies to the `index`-th matching call, after it applied to `fired` calls.
    fn fires(&self, index: u64, fired: u64) -> bool {
        let step = self.every.unwrap_or(1).max(1);
        let first = self.nth.unwrap_or(step).max(1);
        let only_nth = self.nth.is_some() && self.every.is_none();
        let most = self.count.unwrap_or(if only_nth { 1 } else { u64::MAX });
        fired < most && index >= first && (index - first).is_multiple_of(step)
    }
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct FaultList {
    last_id: u64,
    active: Vec<ActiveFault>,
    /// Of the faults that hold calls, by id. A gate that is dropped lets its calls go.
    gates: HashMap<u64, Gate>,
}

impl FaultList {
    pub(crate) fn add(&mut self, fault: Fault) -> u64 {
        self.last_id += 1;
        if matches!(fault.kind, FaultKind::Hold { .. }) {
            self.gates.insert(self.last_id, Gate::default());
        }
        self.active.push(ActiveFault {
            id: self.last_id,
            matched: 0,
            fired: 0,
            held: 0,
            fault,
        });
        self.last_id
    }

    pub(crate) fn list(&self) -> Vec<ActiveFault> {
        let mut list = self.active.clone();
        for fault in &mut list {
            fault.held = self.gates.get(&fault.id).map_or(0, Gate::held);
        }
        list
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
        self.gates.clear();
    }

    /// Removes one; false when there is none of that number.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.active.len();
        self.gates.remove(&id);
        self.active.retain(|fault| fault.id != id);
        self.active.len() < before
    }

    /// Counts a call that arrives, and collects its faults.
    pub(crate) fn plan(&mut self, operation: &str, path: &str) -> FaultPlan {
        let mut plan = FaultPlan::default();
        for active in &mut self.active {
            if !active.fault.matches(operation, path) {
                continue;
            }
            active.matched += 1;
            if active.fault.fires(active.matched, active.fired) {
                active.fired += 1;
                plan.add(&active.fault.kind, self.gates.get(&active.id));
            }
        }
        plan
    }
}
