//! The README's curl lines against `local-stack serve`, as a person would run them.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

const README: &str = include_str!("../../../README.md");
const PORT: &str = "127.0.0.1:7071";

/// The running set; killed when the test is over, whichever way.
struct Served {
    process: Child,
    /// Kept open: whoever writes into a closed pipe dies.
    _stdout: BufReader<ChildStdout>,
}

impl Drop for Served {
    fn drop(&mut self) {
        // SIGTERM lets it take its own children with it.
        let told = Command::new("kill").arg(self.process.id().to_string()).status();
        if !told.is_ok_and(|status| status.success()) {
            self.process.kill().ok();
        }
        self.process.wait().ok();
    }
}

/// Starts the set on free ports; answers the front door's address.
fn serve() -> (Served, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_local-stack"))
        .args(["serve", "--port", "0", "--simulator-port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("local-stack starts");
    let mut stdout = BufReader::new(process.stdout.take().expect("is piped"));
    let address = address(&mut stdout);
    let served = Served {
        process,
        _stdout: stdout,
    };
    let address = address.expect("local-stack tells its address; is the handler built (cargo build --workspace)?");
    (served, address)
}

fn address(stdout: &mut impl BufRead) -> Option<String> {
    stdout.lines().map_while(Result::ok).find_map(|line| {
        let (_, rest) = line.split_once("http://")?;
        let (address, _) = rest.split_once("/api/")?;
        Some(address.to_owned())
    })
}

fn curl_lines() -> Vec<(&'static str, &'static str)> {
    let block = README.split("<!-- curl -->").nth(1).expect("README has the block");
    let block = block.split("```").nth(1).expect("in a code fence");
    let lines = block.lines().filter(|line| line.starts_with("curl "));
    lines
        .map(|line| line.rsplit_once(" # ").expect("says the expected status"))
        .collect()
}

#[test]
fn the_readmes_curl_lines_do_what_it_says() {
    let (_served, address) = serve();
    let lines = curl_lines();
    assert!(lines.len() >= 6, "{lines:?}");
    for (line, expected) in lines {
        let output = Command::new("sh")
            .args(["-c", &line.replace(PORT, &address)])
            .output()
            .expect("sh runs");
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let status = answer.split_whitespace().nth(1).unwrap_or_default();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(status, expected, "{line}\n{answer}{told}");
    }
}
