//! 403 `request_forbidden` without a missing scope: a burst, a second import, a workspace that is too young (rows 120 to 123).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use time::OffsetDateTime;

use crate::app::App;
use crate::errors::ApiError;
use crate::limits::Bucket;
use crate::server::call::Call;
use crate::server::operation::{Module, Operation};
use crate::switches::Switches;
use crate::switches::choices::{ConcurrentImport, ForbiddenBody, ScopeErrorCode};
use crate::switches::values::RateLimit;

const IMPORT: &str = "import_identity_configuration";

/// The buckets, and the clients whose import runs.
#[derive(Debug, Default)]
pub(crate) struct Forbidden {
    bursts: HashMap<Module, Burst>,
    importing: HashSet<String>,
}

#[derive(Debug)]
struct Burst {
    bucket: Bucket,
    is_refilling: bool,
}

impl Forbidden {
    /// Row 120: an empty bucket refuses everything until it is full again.
    pub(crate) fn burst(&mut self, module: Module, now: OffsetDateTime, switches: &Switches) -> Result<(), ApiError> {
        let limit @ RateLimit::Bucket { .. } = *switches.forbidden_bursts else {
            return Ok(());
        };
        let fresh = || Burst {
            bucket: Bucket::full(limit, now),
            is_refilling: false,
        };
        let burst = self.bursts.entry(module).or_insert_with(fresh);
        if burst.bucket.limit != limit {
            *burst = fresh();
        }
        burst.bucket.fill(now);
        burst.is_refilling &= !burst.bucket.is_full();
        if !burst.is_refilling && burst.bucket.take() {
            return Ok(());
        }
        burst.is_refilling = true;
        Err(request_forbidden(switches))
    }
}

/// An import that runs.
pub(crate) struct Importing<'a> {
    app: &'a App,
    client_id: String,
}

impl Drop for Importing<'_> {
    fn drop(&mut self) {
        self.app.forbidden().importing.remove(&self.client_id);
    }
}

/// Row 122: refuses a second import of a client while one runs.
pub(crate) fn begin<'a>(app: &'a App, operation: &Operation, call: &Call) -> Result<Option<Importing<'a>>, ApiError> {
    if operation.name != IMPORT || *call.switches.concurrent_import == ConcurrentImport::Allowed {
        return Ok(None);
    }
    if !app.forbidden().importing.insert(call.client_id.clone()) {
        return Err(request_forbidden(&call.switches));
    }
    Ok(Some(Importing {
        app,
        client_id: call.client_id.clone(),
    }))
}

/// Row 123: refuses a call on a workspace, or on a pool of one, that is too young.
pub(crate) fn young_workspace(app: &App, call: &Call) -> Result<(), ApiError> {
    let age = Duration::from_millis(*call.switches.new_workspace_forbidden_ms);
    if age.is_zero() {
        return Ok(());
    }
    let state = app.state();
    let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let named = [
        call.param("wid"),
        state.pools.workspace_of(call.param("ipID")),
        body.get("workspace_id").and_then(|id| id.as_str()).unwrap_or_default(),
    ];
    let is_young = |id: &&str| {
        state
            .organizations
            .made_at(id)
            .is_some_and(|made| call.now < made + age)
    };
    if named.iter().any(is_young) {
        return Err(request_forbidden(&call.switches));
    }
    Ok(())
}

/// Row 121: the refusal has the form of the APIs, or that of RFC 6749.
pub(crate) fn request_forbidden(switches: &Switches) -> ApiError {
    of_form(ApiError::new(403, "Forbidden"), "request_forbidden", switches)
}

/// Row 121: a token without the scope of the operation.
pub(crate) fn missing_scope(switches: &Switches) -> ApiError {
    let code = match *switches.scope_error_code {
        ScopeErrorCode::Forbidden => "forbidden",
        ScopeErrorCode::RequestForbidden => "request_forbidden",
    };
    let error = ApiError::new(403, "The token does not have the required scope");
    of_form(error, code, switches)
}

fn of_form(error: ApiError, code: &'static str, switches: &Switches) -> ApiError {
    ApiError {
        code,
        oauth: *switches.forbidden_body == ForbiddenBody::Rfc6749,
        ..error
    }
}
