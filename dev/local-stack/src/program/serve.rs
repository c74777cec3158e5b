//! `local-stack serve`: the same stack stays up, and nothing happens until somebody sends an event.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use local_stack::{Stack, StackError, StackOptions};

use super::announce;
use super::signals::StopSignals;

/// Time between two rounds of the timer.
const TIMER: Duration = Duration::from_secs(1);

/// Serves until Ctrl-C.
pub(super) async fn serve(mut options: StackOptions, log: &Path) -> Result<ExitCode, StackError> {
    let mut signals = StopSignals::catch();
    options.timer_interval = Some(TIMER);
    let Some(stack) = signals.or_told_to_stop(Stack::start(options)).await else {
        return Ok(ended());
    };
    let stack = stack?;
    announce::billers(stack.crm(), stack.simulator())?;
    announce::addresses(stack.front_door().base_url(), stack.simulator());
    if let Some(azurite) = stack.azurite() {
        say!("Queues: {} (Azurite)", azurite.base_url());
    }
    say!("Database: {}", stack.database().path().display());
    say!("Log of handler and host: {}", log.display());
    say!("Ctrl-C ends it.");
    signals.told_to_stop().await;
    stack.stop(false).await;
    Ok(ended())
}

fn ended() -> ExitCode {
    say!("\nEnded: every process is stopped, and the folder with the database is removed.");
    ExitCode::SUCCESS
}
