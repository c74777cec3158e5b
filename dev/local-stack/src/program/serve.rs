//! `local-stack serve`: the same set stays up, and nothing happens until somebody asks for it.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use local_stack::{Stack, StackError, StackOptions};

use super::billers::BILLERS;
use super::scenario::load;
use super::signals::told_to_stop;

/// Between two rounds of the timer.
const TIMER: Duration = Duration::from_secs(1);

/// Serves until Ctrl-C.
pub(super) async fn serve(mut options: StackOptions, log: &Path) -> Result<ExitCode, StackError> {
    options.timer_interval = Some(TIMER);
    let stack = Stack::start(options).await?;
    println!("Sample billers:");
    for biller in &BILLERS {
        load(&stack, biller)?;
        println!(
            "  {}  {:24} {:>5} users{}",
            biller.id,
            biller.name,
            biller.users,
            remark(biller)
        );
    }
    print!("{}", curl_lines(&stack));
    println!("\nDatabase: {}", stack.database().path().display());
    println!("Log of handler and host: {}", log.display());
    println!("Ctrl-C ends it.");
    told_to_stop().await;
    stack.stop(false).await;
    Ok(ExitCode::SUCCESS)
}

fn remark(biller: &super::billers::SampleBiller) -> &'static str {
    match biller {
        biller if biller.has_bad_records => ", three of them bad records",
        biller if biller.has_deactivated_organization => ", its organization exists already, deactivated",
        _ => "",
    }
}

/// What to try, to be copied into another terminal.
fn curl_lines(stack: &Stack) -> String {
    let front_door = stack.front_door();
    let url = |biller| front_door.biller_url(biller);
    let toggle = r#"'{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"jane.doe"}'"#;
    let post = "curl -i -X POST -H 'content-type: application/json'";
    let tries = [
        (
            "Switch biller 1003 on (202), then follow it (200)",
            vec![
                format!("{post} -d {toggle} {}", url("1003")),
                format!("curl -i {}", url("1003")),
            ],
        ),
        (
            "A biller the CRM does not have (404)",
            vec![format!("curl -i {}", url("4711"))],
        ),
        (
            "A request with a member missing (400)",
            vec![format!(
                r#"{post} -d '{{"source":"crm-toggle","ciamEnabled":true}}' {}"#,
                url("1003")
            )],
        ),
        (
            "What SecureAuth holds",
            vec![format!("curl {}/admin/inventory", stack.simulator().base_url())],
        ),
    ];
    let texts = tries.map(|(what, lines)| format!("\n# {what}\n{}\n", lines.join("\n")));
    texts.concat()
}
