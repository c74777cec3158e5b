//! What runs and listens on this machine.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::running::DEADLINE;

/// Processes whose working directory is this folder or below it, even if the folder was removed.
pub(super) fn processes_in(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    all.filter(|process| fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .collect()
}

/// Waits until no process is left in the folder.
pub(super) fn nothing_runs_in(folder: &Path) {
    until("the processes have ended", || processes_in(folder).is_empty());
}

/// Waits until nothing listens on `host:port`.
pub(super) fn nothing_listens_on(address: &str) {
    until(&format!("nothing listens on {address}"), || {
        TcpStream::connect(address).is_err()
    });
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
