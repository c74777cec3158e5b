//! Puts the results into docs/performance.md and its folder.

use std::fs;
use std::path::Path;

use super::{table, write_file, write_files};
use crate::error::BenchError;
use crate::machine::Machine;
use crate::program::REPOSITORY;
use crate::results::Results;

const BEGIN: &str = "<!-- results: written by make bench ARGS=--publish -->\n";
const END: &str = "<!-- end of the results -->\n";

pub(super) fn publish(machine: &Machine, results: &Results) -> Result<(), BenchError> {
    let docs = Path::new(REPOSITORY).join("docs");
    write_files(&docs.join("performance"), results)?;
    let path = docs.join("performance.md");
    let text = fs::read_to_string(&path).map_err(BenchError::file(&path))?;
    let new = format!("{machine}\n\n{}", table::render(results));
    write_file(&path, &replace(&text, &new))?;
    println!("Published: {}", path.display());
    Ok(())
}

/// Replaces what is between the marks; a document without marks stays as it is.
fn replace(text: &str, new: &str) -> String {
    let parts = text.split_once(BEGIN);
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    parts.map_or_else(
        || text.to_owned(),
        |(before, after)| format!("{before}{BEGIN}\n{new}\n{END}{after}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let text = format!("before\n{BEGIN}old\n{END}after\n");
        assert_eq!(replace(&text, "new"), format!("before\n{BEGIN}\nnew\n{END}after\n"));
        assert_eq!(replace("no marks\n", "new"), "no marks\n");
    }
}
