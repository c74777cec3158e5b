//! Sends a call in one or more attempts.
//!
//! Each attempt waits for the shared pause, a turn and a slot, gets a token, asks the caller's guard, sends the request and reads the
//! answer. A wait that the server asks for is no attempt (docs/decisions.md#a-wait-is-no-attempt). Only this module logs failed
//! attempts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use backon::Retryable as _;
use reqwest::header::AUTHORIZATION;
use tokio::time::Instant;

use super::{
    ApiError, Backoff, CallContext, ConfigError, Deadlines, ErrorKind, Operation,
    backoff::Pauses,
    error::Throttled,
    limiter::{Limiter, Permit, TooLong},
    token::{AccessToken, Tokens},
};

mod answer;
mod body;
mod call;
mod last_pause;
mod log;
mod progress;
mod retry_after;
mod unsettled;
mod waits;

pub(super) use answer::{Answer, interruption};
pub(super) use call::Call;
use last_pause::LastPause;
use progress::{Failed, Progress};
use unsettled::Unsettled;
pub(super) use waits::Waits;

/// Limits of attempts, times and requests in flight.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) attempts: u32,
    pub(super) backoff: Backoff,
    pub(super) deadlines: Deadlines,
    pub(super) max_in_flight: usize,
    pub(super) jitter_seed: u64,
    /// The program that calls.
    pub(super) product: Option<String>,
}

/// The HTTP client with the token, the limiter and the pauses that all calls share.
#[derive(Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    tokens: Tokens,
    limiter: Limiter,
    last_pause: LastPause,
    pauses: Pauses,
    deadlines: Deadlines,
    backoff: Backoff,
}

impl Transport {
    /// `loopback`: the server is on this machine, so no proxy is used and TLS is not required. Otherwise the proxy variables of the
    /// environment count, because some networks have no other way out. TLS ends at the server, so a proxy sees host names only.
    pub(super) fn new(tokens: Tokens, policy: &Policy, loopback: bool) -> Result<Self, ConfigError> {
        let own = concat!("ic-secureauth-api/", env!("CARGO_PKG_VERSION"));
        let user_agent = policy
            .product
            .as_ref()
            .map_or_else(|| own.to_owned(), |product| format!("{product} {own}"));
        let builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .connect_timeout(policy.deadlines.connect)
            .pool_max_idle_per_host(policy.max_in_flight)
            .https_only(!loopback)
            // A redirect would send the token to another server, and the API documents none.
            .redirect(reqwest::redirect::Policy::none());
        let builder = if loopback { builder.no_proxy() } else { builder };
        Ok(Self {
            http: builder.build().map_err(|_| ConfigError::HttpClient)?,
            tokens,
            limiter: Limiter::new(policy.max_in_flight),
            last_pause: LastPause::default(),
            pauses: Pauses::new(policy.backoff, policy.attempts, policy.jitter_seed),
            deadlines: policy.deadlines,
            backoff: policy.backoff,
        })
    }

    /// The longest time that one attempt of any operation can take.
    pub(super) fn longest_deadline(&self) -> Duration {
        self.deadlines.crud.max(self.deadlines.import).max(self.deadlines.token)
    }

    /// The answer, or the error of the last attempt.
    pub(super) async fn send(&self, mut call: Call, context: &CallContext) -> Result<Answer, ApiError> {
        call.context(context);
        let progress = Progress::new(&call, self.deadlines.connect, Waits::until(self.latest(context)));
        let (call, progress) = (&call, &progress);
        (|| self.attempt(call, context, progress))
            .retry(self.pauses.for_one_call())
            .when(|failed: &Failed| failed.repeatable && call.repeat.may_follow(&failed.kind))
            .adjust(|failed, pause| progress.pause_before_repeating(&failed.kind, pause))
            .await
            .map_err(|failed| ApiError::new(call.operation, failed.kind, progress.sent(), progress.is_uncertain()))
    }

    /// The scopes of the current token.
    pub(super) async fn granted_scopes(&self, context: &CallContext) -> Result<Vec<String>, ApiError> {
        if let Some(token) = self.tokens.usable() {
            return Ok(token.scopes().to_vec());
        }
        let attempts = AtomicU32::new(0);
        let asked = || attempts.load(Ordering::Relaxed);
        let waits = Waits::until(self.latest(context));
        (|| async {
            // Ends as in `attempt`.
            loop {
                let permit = self.enter(Operation::Token, waits.latest).await?;
                let attempt = attempts.fetch_add(1, Ordering::Relaxed) + 1;
                let failed = match self.token(Operation::Token, attempt, context).await {
                    Ok(token) => return Ok(token),
                    Err(failed) => failed,
                };
                let Some(pause) = waits.pause(&failed.kind, &self.backoff, false) else {
                    return Err(failed);
                };
                self.last_pause.asked(&failed.kind, pause);
                permit.refused(pause, Throttled::Token, Operation::Token);
            }
        })
        .retry(self.pauses.for_one_call())
        .when(|failed: &Failed| failed.repeatable)
        .await
        .map(|token| token.scopes().to_vec())
        .map_err(|failed| ApiError::new(Operation::Token, failed.kind, asked(), false))
    }

    /// Whether the token endpoint grants a scope alone. One request, which waits for its turn as others do.
    pub(super) async fn grants_scope(&self, scope: &str) -> Result<bool, ApiError> {
        let failed = |kind, sent| ApiError::new(Operation::Token, kind, sent, false);
        let latest = Instant::now() + self.backoff.retry_after_cap;
        let _permit = self
            .enter(Operation::Token, latest)
            .await
            .map_err(|it| failed(it.kind, 0))?;
        let granted = self.tokens.grants(&self.http, self.deadlines.token, scope).await;
        granted.map_err(|kind| failed(kind, 1))
    }

    /// Until when a call that begins now may wait for pauses.
    fn latest(&self, context: &CallContext) -> Instant {
        let patience = context.guard.as_ref().and_then(|guard| guard.patience());
        patience.unwrap_or_else(|| Instant::now() + self.backoff.retry_after_cap)
    }

    async fn enter(&self, operation: Operation, latest: Instant) -> Result<Permit<'_>, Failed> {
        let longest = Instant::now() + self.backoff.retry_after_cap;
        let too_long = |TooLong(rest)| Failed::for_good(self.last_pause.why_not_sent(rest));
        self.limiter
            .enter(operation, latest.min(longest))
            .await
            .map_err(too_long)
    }

    /// One attempt, and the waits before it that the server asks for.
    async fn attempt(&self, call: &Call, context: &CallContext, progress: &Progress) -> Result<Answer, Failed> {
        // Ends because every turn waits for a pause, and no pause may end after `latest`.
        loop {
            let permit = self.enter(call.operation, progress.waits.latest).await?;
            let failed = match self.try_once(call, context, progress).await {
                Ok(answer) => {
                    permit.accepted(call.operation);
                    return Ok(answer);
                }
                Err(failed) => failed,
            };
            let again = permit.is_refused_again(call.operation);
            let Some(pause) = progress.pause(&failed.kind, &self.backoff, again) else {
                if failed.kind.passed_the_limits() {
                    permit.accepted(call.operation);
                }
                return Err(failed);
            };
            self.last_pause.asked(&failed.kind, pause);
            permit.refused(
                pause,
                failed.kind.throttled().unwrap_or(Throttled::Token),
                call.operation,
            );
        }
    }

    async fn try_once(&self, call: &Call, context: &CallContext, progress: &Progress) -> Result<Answer, Failed> {
        let token = self.token(call.operation, progress.sent() + 1, context).await?;
        match self.exchange(call, &token, context, progress).await {
            Err(failed) if failed.kind.rejects_the_token() && progress.may_renew() => self.tokens.discard(&token),
            outcome => return outcome,
        }
        let token = self.token(call.operation, progress.sent() + 1, context).await?;
        self.exchange(call, &token, context, progress).await
    }

    async fn token(
        &self,
        operation: Operation,
        attempt: u32,
        context: &CallContext,
    ) -> Result<Arc<AccessToken>, Failed> {
        self.tokens
            .get(&self.http, self.deadlines.token)
            .await
            .map_err(|kind| self.failed(operation, attempt, kind, context))
    }

    /// One request and its answer.
    async fn exchange(
        &self,
        call: &Call,
        token: &AccessToken,
        context: &CallContext,
        progress: &Progress,
    ) -> Result<Answer, Failed> {
        if let Some(kind) = progress.key_expired() {
            return Err(Failed::for_good(kind));
        }
        let deadline = call.operation.deadline(&self.deadlines);
        if context
            .guard
            .as_ref()
            .is_some_and(|guard| guard.may_start(deadline).is_err())
        {
            return Err(Failed::for_good(ErrorKind::NotStarted));
        }
        let Some(mut request) = call.request() else {
            return Err(Failed::for_good(ErrorKind::Guard("the request cannot be repeated")));
        };
        request.headers_mut().insert(AUTHORIZATION, token.header());
        *request.timeout_mut() = Some(deadline);
        progress.sending();
        let unsettled = Unsettled::sending(call.operation, context.guard.as_ref(), deadline);
        let outcome = match self.http.execute(request).await {
            Ok(response) => Answer::read(call.operation, response, &call.optional).await,
            Err(error) => Err(interruption(&error)),
        };
        let attempt = progress.sent();
        match outcome {
            Ok(answer) => {
                log::answered(&answer, attempt, context);
                Ok(answer.after(attempt, context, unsettled.answered()))
            }
            Err(kind) => {
                let missing_scope = call.operation.scope().filter(|scope| !token.grants(scope));
                let kind = kind.explained_by(missing_scope);
                if !kind.may_have_had_an_effect() {
                    unsettled.settle();
                }
                progress.failed(&kind);
                Err(self.failed(call.operation, attempt, kind, context))
            }
        }
    }

    /// Logs a failed attempt. If the server sent `Retry-After`, all tasks wait.
    fn failed(&self, operation: Operation, attempt: u32, kind: ErrorKind, context: &CallContext) -> Failed {
        log::failed(operation, attempt, &kind, &context.correlation_id);
        if let Some(wait) = kind.retry_after() {
            self.last_pause.asked(&kind, wait);
            self.limiter.pause(wait);
        }
        Failed {
            repeatable: kind.is_worth_repeating(),
            kind,
        }
    }
}
