//! Runs invocations: waits for the handler, exchanges envelopes, enforces the function timeout, binds the outputs.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::exchange::Exchange;
use super::failure::Failure;
use super::outputs::{Bound, OutputBinder};
use super::trace::TraceContext;
use crate::activity::Activity;
use crate::clock::ClockAndRandom;
use crate::config::Function;
use crate::envelope::{TriggerInput, envelope};
use crate::journal::{Invocation, Journal, UserLog};
use crate::response::{Decoded, HandlerAnswer, HttpAnswer};
use crate::worker::{Ready, WorkerHandle};

/// One invocation to be made.
pub(crate) struct Request {
    function: Arc<Function>,
    input: TriggerInput,
    trace: Option<TraceContext>,
}

impl Request {
    pub(crate) fn new(function: Arc<Function>, input: TriggerInput) -> Self {
        Self {
            function,
            input,
            trace: None,
        }
    }

    /// Continues the caller's trace.
    pub(crate) fn with_trace(self, trace: Option<TraceContext>) -> Self {
        Self { trace, ..self }
    }
}

pub(crate) struct InvokerSettings {
    /// `None`: unlimited.
    pub(crate) function_timeout: Option<Duration>,
    /// Time between a timed-out invocation and the kill of the process.
    pub(crate) timeout_grace: Duration,
    pub(crate) strict: bool,
    /// Whether exchanges with the handler are kept.
    pub(crate) recorded: bool,
}

pub(crate) struct Invoker {
    pub(crate) worker: WorkerHandle,
    pub(crate) binder: OutputBinder,
    pub(crate) journal: Journal,
    pub(crate) activity: Activity,
    pub(crate) clock: ClockAndRandom,
    pub(crate) settings: InvokerSettings,
}

impl Invoker {
    /// Invokes a function and records how it ended. There is an HTTP answer if the function has an `http` output.
    pub(crate) async fn invoke(&self, request: Request) -> Result<Option<HttpAnswer>, Failure> {
        let _running = self.activity.begin();
        let invocation_id = self.clock.uuid();
        let started_at = self.clock.now();
        let result = self.run(invocation_id, &request).await;
        let (failure, outputs) = match &result {
            Ok(bound) => (None, bound.summary.clone()),
            Err(failure) => (Some(failure.to_string()), Vec::new()),
        };
        if let Err(failure @ Failure::Strict(_)) = &result {
            self.journal.violation(format!("{}: {failure}", request.function.name));
        }
        self.journal.invocation(Invocation {
            invocation_id,
            function: request.function.name.clone(),
            started_at,
            ended_at: self.clock.now(),
            dequeue_count: match &request.input {
                TriggerInput::Queue(input) => input.message.as_ref().map(|message| message.dequeue_count),
                TriggerInput::Http(_) | TriggerInput::Timer(_) => None,
            },
            failure,
            outputs,
        });
        result.map(|bound| bound.answer)
    }

    /// Records a failure of an invocation that cannot be started.
    pub(crate) fn refuse(&self, function: &Function, reason: &'static str) {
        let now = self.clock.now();
        self.journal.invocation(Invocation {
            invocation_id: self.clock.uuid(),
            function: function.name.clone(),
            started_at: now,
            ended_at: now,
            dequeue_count: None,
            failure: Some(Failure::NotCallable(reason).to_string()),
            outputs: Vec::new(),
        });
    }

    async fn run(&self, invocation_id: Uuid, request: &Request) -> Result<Bound, Failure> {
        let handler = self.worker.ready().await?;
        let trace = request.trace.clone().unwrap_or_else(|| TraceContext::root(&self.clock));
        let exchange = Exchange {
            function: &request.function.name,
            invocation_id,
            traceparent: trace.traceparent(&self.clock),
            tracestate: trace.state.as_deref(),
            kept_in: self.settings.recorded.then_some(&self.journal),
            envelope: envelope(&request.function, &request.input, self.clock.now(), self.clock.uuid()),
        };
        let answer = self.guarded(exchange, &handler).await?;
        for text in &answer.logs {
            self.journal.user_log(UserLog {
                invocation_id,
                function: request.function.name.clone(),
                text: text.clone(),
            });
        }
        self.binder.bind(&request.function, answer).await
    }

    /// Lets the exchange run up to the function timeout. Then the process is killed, which ends the request; the request is
    /// never aborted earlier (S28).
    async fn guarded(&self, exchange: Exchange<'_>, handler: &Ready) -> Result<HandlerAnswer, Failure> {
        let mut answer = pin!(self.answer(exchange, handler));
        let Some(timeout) = self.settings.function_timeout else {
            return answer.await;
        };
        tokio::select! {
            answer = &mut answer => answer,
            () = tokio::time::sleep(timeout) => {
                tokio::time::sleep(self.settings.timeout_grace).await;
                self.worker.kill(Some(handler.generation)).await;
                Err(Failure::FunctionTimeout(timeout))
            }
        }
    }

    /// Waits for the handler's answer. A 2xx without a body never ends the invocation (S21); strict mode fails it at once.
    async fn answer(&self, exchange: Exchange<'_>, handler: &Ready) -> Result<HandlerAnswer, Failure> {
        match exchange.run(handler).await? {
            Decoded::Answer(answer) => Ok(answer),
            Decoded::Nothing if self.settings.strict => Err(Failure::Strict(
                "the handler answered 2xx without a JSON object; the host would hang until functionTimeout and then \
                 kill the handler"
                    .to_owned(),
            )),
            Decoded::Nothing => pending().await,
        }
    }
}
