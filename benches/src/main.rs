//! `make bench`: measures the handler and a Node peer, both against the simulator and the stand-in host
//! (docs/performance.md).

mod arguments;
mod error;
mod machine;
mod measure;
mod output;
mod plan;
mod process;
mod program;
mod results;
mod rows;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use error::BenchError;
use machine::Machine;
use program::Programs;
use results::Results;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), BenchError> {
    let plan = arguments.plan();
    let programs = Programs::find(&arguments).await?;
    let machine = Machine::read(plan.runs);
    let mut results = Results::default();
    rows::all(&plan, &programs, &mut results).await?;
    println!("{machine}\n\n{}", output::table::render(&results));
    output::write(&arguments, &machine, &results)?;
    if plan.judges_the_peer {
        rows::peer_is_fast_enough(&results)?;
    }
    Ok(())
}
