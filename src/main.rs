//! The custom handler's binary. What it does is in the library.

use std::process::ExitCode;

use biller_onboarding::settings::Environment;
use biller_onboarding::{cli, telemetry};

fn main() -> ExitCode {
    let environment = Environment::from_process();
    telemetry::report_panics_on_one_line();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(cli::run(environment, rand::random())),
        Err(error) => {
            eprintln!("the runtime cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}
