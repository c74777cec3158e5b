//! `function-recover-onboardings`: sends the message of every due run (again). If several timers fire at once, only one
//! of them gets each run.

use tracing::{error, info};

use super::answer::Answer;
use super::migrate_users::Failed;
use super::queue_message::QueueMessage;
use super::services::ServicesSource;

pub(super) async fn invoke(source: &dyn ServicesSource) -> Result<Answer, Failed> {
    let services = source.services().await.map_err(|not_ready| {
        error!(reason = %not_ready, "cannot look for due runs; the next timer tries again");
        Failed
    })?;
    if let Err(error) = services.saga.report_stuck().await {
        error!(error = %crate::telemetry::chain(&error), "could not report the stuck runs");
    }
    let due = services.saga.claim_due().await.map_err(|error| {
        error!(error = %crate::telemetry::chain(&error), "could not claim due runs; the next timer tries again");
        Failed
    })?;
    if due.is_empty() {
        return Ok(Answer::default());
    }
    info!(runs = due.len(), "sending the messages of due runs");
    let line = format!("{} due runs", due.len());
    let messages = due
        .into_iter()
        .map(|run| QueueMessage::new(run.id, run.traceparent))
        .collect();
    Ok(Answer::messages(messages).log(line))
}
