//! The machine and the commit, for the head of the results.

use std::fmt;
use std::fs;
use std::process::Command;

use crate::program::REPOSITORY;

/// Where and of what the results are.
#[derive(Debug)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
    node: String,
    commit: String,
    runs: u32,
}

impl Machine {
    pub(crate) fn read(runs: u32) -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let dirty = !output("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
        let commit = output("git", &["rev-parse", "--short=12", "HEAD"]);
        Self {
            processor: value_of(&processors, "model name")
                .unwrap_or("an unknown processor")
                .to_owned(),
            cores: processors.lines().filter(|line| line.starts_with("processor")).count(),
            memory_gib: value_of(&memory, "MemTotal")
                .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
                .map_or(0, |kib| kib >> 20),
            kernel: output("uname", &["-sr"]),
            node: output("node", &["--version"]),
            commit: if dirty {
                format!("{commit} with changes")
            } else {
                commit
            },
            runs,
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = if self.node.is_empty() { "none" } else { &self.node };
        write!(
            f,
            "Commit {}; {}, {} cores, {} GiB; {}; Node {node}; runs per row: {}.",
            self.commit, self.processor, self.cores, self.memory_gib, self.kernel, self.runs
        )
    }
}

fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

/// What a program prints; empty when it fails.
fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(REPOSITORY).output();
    let output = output.ok().filter(|output| output.status.success());
    output.map_or_else(String::new, |output| {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    })
}
