//! Kills a storage emulator after the program that started it was killed: a SIGKILL leaves no time to do it. The handler has
//! no such guard, because the real host has none (S40).

use std::io;
use std::process::Stdio;

use tokio::process::{Child, Command};

/// The script waits for the end of its input. Nothing is written to it, and it ends with the host, however that ends.
const SCRIPT: &str = r#"read -r _; kill -KILL "$1""#;

/// A shell beside one process. Drop it when that process is gone.
#[derive(Debug)]
pub(crate) struct Guard {
    _shell: Child,
}

impl Guard {
    /// Guards the process of this id.
    pub(crate) fn over(pid: u32) -> io::Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "guard", &pid.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // In a process group of its own it does not get a Ctrl-C.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { _shell: shell })
    }
}
