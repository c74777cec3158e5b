//! The custom handler's binary. What it does is in the library.

use std::process::ExitCode;
use std::time::Duration;

use biller_onboarding::settings::Environment;
use biller_onboarding::{cli, telemetry};

fn main() -> ExitCode {
    let environment = Environment::from_process();
    telemetry::report_panics_on_one_line();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(cli::run(environment, rand::random()));
            // A thread that a database keeps must not keep the process.
            runtime.shutdown_timeout(Duration::from_secs(1));
            code
        }
        Err(error) => {
            eprintln!("the runtime cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}
