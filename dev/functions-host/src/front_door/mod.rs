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
use crate::config::{AppConfig, Function, Trigger};
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
    /// HTTP functions, the most specific route first.
    by_route: Vec<Arc<Function>>,
    timers: Vec<Arc<Timer>>,
    invoker: Arc<Invoker>,
    keys: Option<Keys>,
    body_limit: usize,
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
        let mut by_route: Vec<_> = config
            .functions
            .iter()
            .filter_map(|function| match &function.trigger {
                Trigger::Http(http) => Some((http.route.precedence(), Arc::clone(function))),
                Trigger::Queue(_) | Trigger::Timer(_) => None,
            })
            .collect();
        by_route.sort_by(|left, right| left.0.cmp(&right.0));
        let body_limit = config
            .environment
            .get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT")
            .and_then(|limit| limit.parse().ok())
            .unwrap_or(DEFAULT_BODY_LIMIT);
        Self {
            route_prefix: config.host.route_prefix.clone(),
            functions: config.functions.clone(),
            by_route: by_route.into_iter().map(|(_, function)| function).collect(),
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
