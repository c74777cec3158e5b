//! The bench in its smallest form. The handler's binary has to be built before; `cargo test --workspace` does that.

use std::error::Error;
use std::fs;
use std::process::Command;

#[test]
fn a_smoke_run_measures_every_row_of_the_handler() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--smoke", "--output"])
        .arg(folder.path())
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");

    let csv = fs::read_to_string(folder.path().join("results.csv"))?;
    for row in [
        "slots_used",
        "accepted_to_import",
        "import",
        "verification_to_active",
        "post_to_active",
        "cpu_per_user",
        "peak_memory",
        "small_billers",
        "small_behind_big",
        "throttled",
        "allowed_used",
        "refused",
        "first_answer_p99",
        "idle_memory",
        "calls",
    ] {
        let has_row = csv
            .lines()
            .any(|line| line.starts_with(&format!("{row},")) && line.contains(",handler,"));
        assert!(has_row, "{row} is missing:\n{csv}\n{errors}");
    }
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("POST → Active (s)"), "{table}");
    let plot = fs::read_to_string(folder.path().join("slots-used.svg"))?;
    assert!(plot.starts_with("<svg") && plot.ends_with("</svg>\n"), "{plot}");
    Ok(())
}
