//! The HTTP side of the host: functions below the route prefix, and the admin routes (S10–S14).

mod admin;
mod authorization;
mod functions;
mod headers;
mod input;

use std::sync::Arc;

use axum::Router;
use time::OffsetDateTime;

use crate::clock::ClockAndRandom;
use crate::config::{AppConfig, Function};
use crate::invocation::Invoker;
use crate::options::Keys;
use crate::tasks::Tasks;
use crate::timer::Timer;

/// Default of `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`, in bytes (S12).
const DEFAULT_BODY_LIMIT: usize = 104_857_600;

/// The state that every route needs.
pub(crate) struct FrontDoor {
    route_prefix: String,
    functions: Vec<Arc<Function>>,
    timers: Vec<Arc<Timer>>,
    invoker: Arc<Invoker>,
    keys: Option<Keys>,
    body_limit: usize,
    /// Whether `GET /` shows a page (S34).
    homepage: bool,
    tasks: Tasks,
    clock: ClockAndRandom,
    started_at: OffsetDateTime,
}

impl FrontDoor {
    pub(crate) fn new(
        config: &AppConfig,
        invoker: Arc<Invoker>,
        timers: Vec<Arc<Timer>>,
        keys: Option<Keys>,
        tasks: Tasks,
        clock: ClockAndRandom,
    ) -> Self {
        let body_limit = config
            .environment
            .get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT")
            .and_then(|limit| limit.parse().ok())
            .unwrap_or(DEFAULT_BODY_LIMIT);
        let homepage_is_disabled = config
            .environment
            .get("AzureWebJobsDisableHomepage")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Self {
            homepage: !homepage_is_disabled,
            route_prefix: config.host.route_prefix.clone(),
            functions: config.functions.clone(),
            timers,
            invoker,
            keys,
            body_limit,
            tasks,
            started_at: clock.now(),
            clock,
        }
    }

    /// The router with all routes.
    pub(crate) fn router(self) -> Router {
        let door = Arc::new(self);
        Router::new()
            .nest("/admin", admin::routes(&door))
            .fallback(functions::serve)
            .with_state(door)
    }

    fn function(&self, name: &str) -> Option<&Arc<Function>> {
        self.functions
            .iter()
            .find(|function| function.name.eq_ignore_ascii_case(name))
    }
}
