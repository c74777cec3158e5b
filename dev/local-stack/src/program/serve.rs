//! `local-stack serve`: the same stack stays up, and nothing happens until somebody sends an event.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use local_stack::{Stack, StackError, StackOptions};

use super::billers::{BILLERS, SampleBiller};
use super::readme::curl_lines;
use super::scenario::load;
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
    say!("Sample billers:");
    for biller in &BILLERS {
        load(&stack, biller)?;
        say!(
            "  {}  {:24} {:>5} users{}",
            biller.id,
            biller.name,
            biller.users,
            remark(biller)
        );
    }
    let (front_door, secureauth) = (stack.front_door().base_url(), stack.simulator().base_url());
    say!("\nHTTP API: {front_door}\nSecureAuth: {secureauth} (simulator)\n\nTry, in another terminal:\n");
    for line in curl_lines(front_door) {
        say!("{line}");
    }
    say!("curl {secureauth}/admin/inventory\n");
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

fn remark(biller: &SampleBiller) -> &'static str {
    match biller {
        biller if biller.has_bad_records => ", three of them bad records",
        biller if biller.has_deactivated_organization => ", its organization exists already, deactivated",
        _ => "",
    }
}
