//! CSV, table and plots.

mod csv;
mod plot;
mod publish;
pub(crate) mod table;

use std::fs;
use std::path::Path;

use crate::arguments::Arguments;
use crate::error::BenchError;
use crate::machine::Machine;
use crate::results::Results;

/// Writes CSV and plots into the output folder, and where it was asked for into the documents.
pub(crate) fn write(arguments: &Arguments, machine: &Machine, results: &Results) -> Result<(), BenchError> {
    let folder = arguments.output();
    write_files(&folder, results)?;
    println!("CSV and plots: {}", folder.display());
    if arguments.publish {
        publish::publish(machine, results)?;
    }
    Ok(())
}

fn write_files(folder: &Path, results: &Results) -> Result<(), BenchError> {
    fs::create_dir_all(folder).map_err(BenchError::file(folder))?;
    write_file(&folder.join("results.csv"), &csv::render(results))?;
    for (name, svg) in plot::all(results) {
        write_file(&folder.join(format!("{name}.svg")), &svg)?;
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> Result<(), BenchError> {
    fs::write(path, text).map_err(BenchError::file(path))
}
