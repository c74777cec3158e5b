//! The files of the repository, by their paths from its root.

use std::fs;
use std::path::Path;

/// A text file.
#[derive(Debug)]
pub(super) struct File {
    /// From the repository's root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn is(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }
}

/// Every text file below these folders and files; build output and hidden folders are left out.
pub(super) fn below(roots: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    for root in roots {
        collect(&repository().join(root), &mut found);
    }
    assert!(!found.is_empty(), "no file below {roots:?}");
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The text of one file.
pub(super) fn text(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn collect(path: &Path, found: &mut Vec<File>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.is_dir() {
        if name != "target" && name != "node_modules" && name != ".git" {
            for entry in fs::read_dir(path).unwrap() {
                collect(&entry.unwrap().path(), found);
            }
        }
    } else if let Ok(text) = fs::read_to_string(path) {
        let path = path.strip_prefix(repository()).unwrap();
        found.push(File {
            path: path.to_string_lossy().replace('\\', "/"),
            text,
        });
    }
}
