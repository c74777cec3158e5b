//! `function-recover-onboardings`: sends the message of every due run (again). However many timers fire, each run is
//! claimed once.

use tracing::{error, info};

use super::answer::Answer;
use super::migrate_users::Failed;
use super::queue_message::QueueMessage;
use super::services::ServicesSource;

pub(super) async fn invoke(source: &dyn ServicesSource) -> Result<Answer, Failed> {
    let services = source.services().await.map_err(|not_ready| {
        error!(reason = %not_ready, "due runs are looked for with the next timer");
        Failed
    })?;
    let due = services.saga.claim_due().await.map_err(|error| {
        error!(error = %crate::telemetry::chain(&error), "due runs could not be claimed");
        Failed
    })?;
    if due.is_empty() {
        return Ok(Answer::default());
    }
    info!(runs = due.len(), "due runs are sent again");
    let line = format!("{} due runs", due.len());
    let messages = due
        .into_iter()
        .map(|run| QueueMessage::new(run.id, run.traceparent))
        .collect();
    Ok(Answer::messages(messages).log(line))
}
