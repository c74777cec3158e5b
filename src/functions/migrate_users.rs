//! `function-migrate-users`: takes a run on by one time slice.
//!
//! Understood failures are in the database with a due time, so they are answered 200; a 500 (deliver again) is left for
//! what the database could not record and for messages of a newer version.

use tracing::{error, info, warn};

use super::answer::Answer;
use super::queue_message::{Parsed, QueueMessage};
use super::services::ServicesSource;
use crate::saga::Advanced;

/// The invocation failed; the reason is logged.
pub(super) struct Failed;

pub(super) async fn invoke(source: &dyn ServicesSource, text: &str) -> Result<Answer, Failed> {
    let message = match QueueMessage::parse(text) {
        Parsed::Ours(message) => message,
        Parsed::Newer(version) => {
            error!(
                version,
                "a queue message of a newer version is left for a newer instance"
            );
            return Err(Failed);
        }
        Parsed::NotOurs => {
            warn!(bytes = text.len(), "a queue message that is not ours is dropped");
            return Ok(Answer::default().log("dropped: not ours"));
        }
    };
    let services = source.services().await.map_err(|not_ready| {
        error!(onboarding_id = %message.onboarding_id, reason = %not_ready, "the run is left on the queue");
        Failed
    })?;
    let id = message.onboarding_id;
    match services.saga.advance(id).await {
        Ok(Advanced::MoreToDo) => Ok(Answer::default()
            .with_message(message)
            .log(format!("run {id} continues"))),
        Ok(Advanced::Unknown) => {
            warn!(onboarding_id = %id, "there is no such run; the message is dropped");
            Ok(Answer::default().log("dropped: unknown run"))
        }
        Ok(advanced) => {
            info!(onboarding_id = %id, outcome = ?advanced, "nothing more to do now");
            Ok(Answer::default().log(format!("run {id}: {advanced:?}")))
        }
        Err(error) => {
            error!(onboarding_id = %id, error = %crate::telemetry::chain(&error), "the outcome could not be recorded");
            Err(Failed)
        }
    }
}
