//! The faults of one call together.

use std::time::Duration;

use serde_json::json;

use super::hold::{Gate, Hold};
use super::{FaultBody, FaultKind, FaultStatus};
use crate::errors::{ApiError, code_of};
use crate::server::reply::Reply;
use crate::switches::Switches;
use crate::switches::choices::GatewayBody;

/// How many users a partial import applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartialUsers {
    /// Half of those in the request.
    Half,
    /// The first users of the request.
    First(usize),
}

/// The faults of one call together.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    pub(crate) delay_before: Duration,
    pub(crate) delay_after: Duration,
    pub(crate) hold_before: Option<Hold>,
    pub(crate) hold_after: Option<Hold>,
    pub(crate) reset_before: bool,
    pub(crate) reset_after: bool,
    pub(crate) status_before: Option<FaultStatus>,
    pub(crate) status_after: Option<FaultStatus>,
    pub(crate) partial_import: Option<PartialUsers>,
    pub(crate) lag: Option<Duration>,
    pub(crate) wrong_subject: bool,
}

impl FaultPlan {
    /// `gate`: of a fault that holds the call.
    pub(super) fn add(&mut self, kind: &FaultKind, gate: Option<&Gate>) {
        match kind {
            FaultKind::Delay {
                ms,
                after_effect: false,
            } => {
                self.delay_before += Duration::from_millis(*ms);
            }
            FaultKind::Delay { ms, after_effect: true } => {
                self.delay_after += Duration::from_millis(*ms);
            }
            FaultKind::Hold { after_effect: false } => self.hold_before = gate.map(Gate::hold),
            FaultKind::Hold { after_effect: true } => self.hold_after = gate.map(Gate::hold),
            FaultKind::ResetBefore => self.reset_before = true,
            FaultKind::ResetAfter => self.reset_after = true,
            FaultKind::Status(status) if status.after_effect => {
                self.status_after = Some(status.clone());
            }
            FaultKind::Status(status) => self.status_before = Some(status.clone()),
            FaultKind::PartialImport { users } => {
                self.partial_import = Some(users.map_or(PartialUsers::Half, PartialUsers::First));
            }
            FaultKind::WrongSubject => self.wrong_subject = true,
            FaultKind::ReadLag { ms } => self.lag = Some(Duration::from_millis(*ms)),
        }
    }
}

impl FaultStatus {
    /// The answer of the fault.
    pub(crate) fn reply(&self, switches: &Switches, turn: u64) -> Reply {
        let title = code_of(self.status).replace('_', " ");
        let mut reply = match self.body.unwrap_or_else(|| self.usual_body(switches)) {
            FaultBody::Html => Reply::html(self.status, &title),
            FaultBody::Empty => Reply::empty(self.status),
            FaultBody::Json => self.json(&title, switches, turn, true),
            FaultBody::Bare => self.json(&title, switches, turn, false),
            FaultBody::OAuth => {
                let code = self.error_code.as_deref().unwrap_or(code_of(self.status));
                Reply::json(self.status, &json!({ "error": code, "error_description": title }))
            }
        };
        if let Some(after) = &self.retry_after {
            reply = reply.header("retry-after", after.clone());
        }
        if let Some(challenge) = &self.www_authenticate {
            reply = reply.header("www-authenticate", challenge.clone());
        }
        if self.external_error {
            reply = reply.header("x-external-error", "true".to_owned());
        }
        reply
    }

    fn json(&self, title: &str, switches: &Switches, turn: u64, with_code: bool) -> Reply {
        let mut body = ApiError::new(self.status, title).body(*switches.error_details, turn);
        if let Some(members) = body.as_object_mut() {
            if !with_code {
                members.remove("error_code");
            } else if let Some(code) = &self.error_code {
                members.insert("error_code".to_owned(), code.as_str().into());
            }
        }
        Reply::json(self.status, &body)
    }

    fn usual_body(&self, switches: &Switches) -> FaultBody {
        match (self.status, *switches.gateway_error_body) {
            (502..=504, GatewayBody::Html) => FaultBody::Html,
            (502..=504, GatewayBody::Empty) => FaultBody::Empty,
            _ => FaultBody::Json,
        }
    }
}
