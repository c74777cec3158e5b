//! The program `local-stack`: the whole stack on one machine, for people (`make run`, `make serve`, `make start`).

mod program;

use std::process::ExitCode;

fn main() -> ExitCode {
    program::main()
}
