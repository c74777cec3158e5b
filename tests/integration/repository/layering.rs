//! Imports point one way: every `crate::…` below `src/` is held against the table in docs/ARCHITECTURE.md#map.

use std::collections::BTreeSet;

use super::files::{File, below, text};

/// The crate of the client: a module in the table's sense.
const CLIENT: &str = "ic_secureauth_api";

/// A row of the table.
#[derive(Debug)]
struct Row {
    /// `src/saga/` or `src/clock.rs`.
    path: String,
    /// Modules its files may import from.
    may_import: BTreeSet<String>,
}

impl Row {
    /// The module of the row's own folder or file.
    fn own(&self) -> &str {
        let below_src = self.path.strip_prefix("src/").unwrap();
        below_src.split(['/', '.']).next().unwrap()
    }
}

fn rows(architecture: &str) -> Vec<Row> {
    let map = architecture.split("\n## ").find(|section| section.starts_with("Map\n"));
    let lines = map
        .expect("has a map")
        .lines()
        .filter(|line| line.starts_with("| `src/"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            Row {
                path: cells[1].trim_matches('`').to_owned(),
                may_import: cells[3].split('`').skip(1).step_by(2).map(str::to_owned).collect(),
            }
        })
        .collect()
}

/// The row with the longest matching path.
fn row_of<'a>(rows: &'a [Row], path: &str) -> Option<&'a Row> {
    let matching = rows
        .iter()
        .filter(|row| row.path == path || (row.path.ends_with('/') && path.starts_with(&row.path)));
    matching.max_by_key(|row| row.path.len())
}

/// The modules a file names, with the line of each. Comments may name anything.
fn imports(source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let code = source
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim_start().starts_with("//"));
    for (line, number) in code {
        for rest in line.split("crate::").skip(1) {
            let module: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(!module.is_empty(), "name one module at a time: {line}");
            found.push((number, module));
        }
        // In quotes it is the target of a log line.
        let client = format!("{CLIENT}::");
        if line.split(&client).nth(1).is_some() && !line.contains(&format!("\"{client}")) {
            found.push((number, CLIENT.to_owned()));
        }
    }
    found
}

/// What a file imports although its row does not allow it.
fn violations(rows: &[Row], file: &File) -> Vec<String> {
    let Some(row) = row_of(rows, &file.path) else {
        return vec![format!("{}: no row of the map", file.path)];
    };
    let allowed = |module: &str| module == row.own() || row.may_import.contains(module);
    imports(&file.text)
        .into_iter()
        .filter(|(_, module)| !allowed(module))
        .map(|(line, module)| format!("{}:{line}: {} may not import {module}", file.path, row.path))
        .collect()
}

fn sources() -> Vec<File> {
    let rust = below(&["src"]).into_iter().filter(|file| file.is("rs"));
    rust.filter(|file| !file.path.starts_with("src/ic_secureauth_api/"))
        .collect()
}

#[test]
fn every_import_is_one_that_the_map_allows() {
    let rows = rows(&text("docs/ARCHITECTURE.md"));
    let wrong: Vec<String> = sources().iter().flat_map(|file| violations(&rows, file)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_allows_no_import_that_nobody_needs() {
    let rows = rows(&text("docs/ARCHITECTURE.md"));
    let sources = sources();
    for row in &rows {
        let files = sources
            .iter()
            .filter(|file| row_of(&rows, &file.path).is_some_and(|found| found.path == row.path));
        let used: BTreeSet<String> = files
            .flat_map(|file| imports(&file.text))
            .map(|(_, module)| module)
            .collect();
        let unused: Vec<&String> = row.may_import.difference(&used).collect();
        assert!(unused.is_empty(), "{}: {unused:?}", row.path);
    }
}

#[test]
fn an_import_against_the_direction_is_found_with_its_place() {
    let rows = rows(&text("docs/ARCHITECTURE.md"));
    let file = |text: &str| File {
        path: "src/domain/run.rs".into(),
        text: text.into(),
    };
    assert_eq!(
        violations(&rows, &file("// crate::store is named\nuse crate::store::Store;\n")),
        ["src/domain/run.rs:2: src/domain/ may not import store"]
    );
    assert_eq!(violations(&rows, &file("use crate::domain::ids::BillerId;\n")), [""; 0]);
}
