//! README.md says which test shows which row.

use std::fs;
use std::path::Path;

pub(crate) fn text() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    fs::read_to_string(readme).expect("the README")
}

/// The cells of every line of the table of rows.
pub(crate) fn table() -> Vec<Vec<String>> {
    let cells = |line: &str| {
        line.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    text()
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
        .map(cells)
        .collect()
}

/// The texts in backticks of a cell.
pub(crate) fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// All source text below a directory.
fn sources(directory: &Path) -> String {
    let entries = fs::read_dir(directory).expect("the tests");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                fs::read_to_string(path).expect("a source file")
            }
        })
        .collect()
}

#[test]
fn the_readme_has_one_line_for_every_row() {
    let rows: Vec<u8> = table().iter().map(|line| line[0].parse().expect("a number")).collect();
    let expected: Vec<u8> = (1..=17)
        .chain(20..=34)
        .chain(40..=50)
        .chain(60..=84)
        .chain(90..=96)
        .chain([
            97, 98, 99, 102, 103, 107, 108, 110, 115, 116, 120, 121, 122, 123, 124, 126,
        ])
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn every_test_the_readme_names_exists() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration");
    let sources = sources(&tests);
    for line in table() {
        let names: Vec<&str> = quoted(&line[3]).collect();
        assert!(!names.is_empty(), "row {} names no test", line[0]);
        for name in names {
            assert!(
                sources.contains(&format!("fn {name}()")),
                "row {}: no test `{name}`",
                line[0]
            );
        }
    }
}
