//! `function-migrate-users`: runs one time slice of a run.
//!
//! Answers 200 for a failure that the database has recorded with a due time. Answers 500, so that the host delivers the
//! message again, only if nothing could be recorded or a newer version wrote the message.

use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, error, info, info_span, warn};

use super::answer::Answer;
use super::queue_message::{Parsed, QueueMessage, ended_message};
use super::services::ServicesSource;
use crate::saga::Advanced;

/// The invocation failed; its reason was logged.
pub(super) struct Failed;

/// `deadline`: for what the run needs before a worker can take it. The time slice has an end of its own.
pub(super) async fn invoke(source: &dyn ServicesSource, deadline: Instant, text: &str) -> Result<Answer, Failed> {
    let message = match QueueMessage::parse(text) {
        Parsed::Ours(message) => message,
        Parsed::Newer(version) => {
            error!(
                version,
                "a newer version wrote the queue message; it is left to a newer instance"
            );
            return Err(Failed);
        }
        Parsed::NotOurs => {
            warn!(bytes = text.len(), "a queue message that is not ours is dropped");
            return Ok(Answer::default().log("dropped: not ours"));
        }
    };
    // The trace of the CRM's request, in place of the invocation's own.
    let span = info_span!("message", trace_id = message.trace_id());
    work_on(source, deadline, message).instrument(span).await
}

async fn work_on(source: &dyn ServicesSource, deadline: Instant, message: QueueMessage) -> Result<Answer, Failed> {
    let Ok(services) = timeout_at(deadline, source.services()).await else {
        error!(onboarding_id = %message.onboarding_id, "not ready in time; the message is to be delivered again");
        return Err(Failed);
    };
    let services = services.map_err(|not_ready| {
        error!(onboarding_id = %message.onboarding_id, reason = %not_ready, "the message is to be delivered again");
        Failed
    })?;
    let id = message.onboarding_id;
    match services.saga.advance(id).await {
        Ok(Advanced::MoreToDo) => Ok(Answer::default()
            .with_message(message)
            .log(format!("run {id} continues"))),
        Ok(Advanced::Unknown) => {
            warn!(onboarding_id = %id, "there is no such run; its message is dropped");
            Ok(Answer::default().log("dropped: unknown run"))
        }
        Ok(Advanced::Ended(state)) => {
            info!(onboarding_id = %id, outcome = %state, "the time slice is over");
            let answer = Answer::default().log(format!("run {id}: {state}"));
            Ok(match services.saga.run(id).await {
                Ok(Some(run)) => answer.with_ended(ended_message(&run)),
                // Whoever waits for the message can ask GET.
                Ok(None) | Err(_) => answer,
            })
        }
        Ok(advanced) => {
            info!(onboarding_id = %id, outcome = %advanced, "the time slice is over");
            Ok(Answer::default().log(format!("run {id}: {advanced}")))
        }
        Err(error) => {
            error!(onboarding_id = %id, error = %crate::telemetry::chain(&error), "could not record the outcome");
            Err(Failed)
        }
    }
}
