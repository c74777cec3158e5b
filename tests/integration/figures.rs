//! Figures of tests that people want to see: `make test` shows them, and so does `--nocapture`.

use std::fs::File;
use std::io::Write as _;

/// The file that `scripts/test.sh` prints at its end.
const FILE: &str = "TEST_FIGURES";

/// Shows a line.
pub(crate) fn show(line: &str) {
    println!("{line}");
    if let Some(path) = std::env::var_os(FILE) {
        let file = File::options().create(true).append(true).open(path);
        // One write, because other tests write too.
        file.unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}
