//! CONTRIBUTING.md names files and tests: each of them is there.

use std::path::Path;

use super::files::{below, text};

/// A section says below which of these its paths are.
const ROOTS: [&str; 3] = ["", "src/ic_secureauth_api/", "dev/secureauth-simulator/"];

/// What stands in backticks.
fn spans(document: &str) -> Vec<&str> {
    let prose = document.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

/// Without placeholders such as `<step>`, patterns and commands.
fn is_path(span: &str) -> bool {
    let is_plain = span.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    is_plain && span.contains('/') && !span.starts_with(['/', '.', '~'])
}

/// A test is a sentence of several words.
fn is_test(span: &str) -> bool {
    span.matches('_').count() >= 4
        && span
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[test]
fn every_file_and_test_that_contributing_names_is_there() {
    let document = text("CONTRIBUTING.md");
    let sources = below(&["src", "dev", "tests"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let exists = |path: &str| ROOTS.iter().any(|folder| root.join(format!("{folder}{path}")).exists());
    let is_there = |name: &str| sources.iter().any(|file| file.text.contains(&format!("fn {name}(")));
    let spans = spans(&document);
    let (paths, tests): (Vec<&str>, Vec<&str>) = (
        spans.iter().copied().filter(|span| is_path(span)).collect(),
        spans.iter().copied().filter(|span| is_test(span)).collect(),
    );
    assert!(paths.len() > 40 && tests.len() >= 5, "{paths:?} {tests:?}");
    let missing: Vec<_> = paths.into_iter().filter(|path| !exists(path)).collect();
    assert!(missing.is_empty(), "no such files: {missing:?}");
    let missing: Vec<_> = tests.into_iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}
