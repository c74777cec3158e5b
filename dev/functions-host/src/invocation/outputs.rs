//! Binds the handler's answer to the function's outputs (S23–S26).

use std::sync::Arc;

use futures_util::future::join_all;

use super::failure::Failure;
use crate::config::{Function, Output};
use crate::journal::OutputSummary;
use crate::json::Node;
use crate::queue::QueueGateway;
use crate::response::{HandlerAnswer, HttpAnswer, NotAnAnswer, queue_messages};

pub(crate) struct OutputBinder {
    pub(crate) gateway: Arc<QueueGateway>,
    pub(crate) strict: bool,
}

/// The result of binding all outputs.
pub(crate) struct Bound {
    pub(crate) answer: Option<HttpAnswer>,
    pub(crate) summary: Vec<OutputSummary>,
}

enum Effect {
    Http(HttpAnswer),
    Queue { queue: String, messages: usize },
    Nothing,
}

impl OutputBinder {
    /// Binds all outputs at once and waits for all. A failure fails the invocation; what the other outputs did stays.
    pub(crate) async fn bind(&self, function: &Function, answer: HandlerAnswer) -> Result<Bound, Failure> {
        if self.strict {
            check_strictly(function, &answer)?;
        }
        // The real host reads an `http` output before it binds any.
        for output in &function.outputs {
            if let Output::Http { binding } = output
                && let Err(reason @ NotAnAnswer::Shape) = HttpAnswer::from_output(answer.output(binding))
            {
                return Err(failed(binding, reason.to_string()));
            }
        }
        let effects = join_all(function.outputs.iter().map(|output| self.bind_one(output, &answer))).await;
        let mut bound = Bound {
            answer: None,
            summary: Vec::new(),
        };
        for effect in effects {
            match effect? {
                Effect::Http(answer) => {
                    bound.summary.push(OutputSummary::Http {
                        status: answer.status.as_u16(),
                    });
                    bound.answer = Some(answer);
                }
                Effect::Queue { queue, messages } => {
                    bound.summary.push(OutputSummary::Queue { queue, messages });
                }
                Effect::Nothing => {}
            }
        }
        Ok(bound)
    }

    async fn bind_one(&self, output: &Output, answer: &HandlerAnswer) -> Result<Effect, Failure> {
        match output {
            Output::Http { binding } => HttpAnswer::from_output(answer.output(binding))
                .map(Effect::Http)
                .map_err(|reason| failed(binding, reason.to_string())),
            Output::Queue { binding, queue } => {
                let Some(value) = answer.output(binding).filter(|value| **value != Node::Null) else {
                    return Ok(Effect::Nothing);
                };
                let messages = queue_messages(value).map_err(|reason| failed(binding, reason))?;
                for message in &messages {
                    self.gateway
                        .enqueue(queue, message)
                        .await
                        .map_err(|error| failed(binding, error.to_string()))?;
                }
                Ok(Effect::Queue {
                    queue: queue.clone(),
                    messages: messages.len(),
                })
            }
        }
    }
}

fn failed(binding: &str, reason: String) -> Failure {
    Failure::Output {
        binding: binding.to_owned(),
        reason,
    }
}

/// Reports what the real host accepts silently although it is a mistake: a misspelt output loses its message, a bare
/// string may be decoded.
fn check_strictly(function: &Function, answer: &HandlerAnswer) -> Result<(), Failure> {
    for (name, value) in answer.outputs.iter() {
        let output = function.outputs.iter().find(|output| output.binding() == name);
        match output {
            None => {
                return Err(Failure::Strict(format!("{name:?} is not an output of the function")));
            }
            Some(Output::Queue { .. }) if matches!(value, Node::Text(_)) => {
                return Err(Failure::Strict(format!(
                    "the queue output {name:?} is a bare string, which is decoded when it happens to be base64; send an \
                     array of strings"
                )));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
