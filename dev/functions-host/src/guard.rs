//! Kills a storage emulator, or the processes of Core Tools, after the program that started it was killed: a SIGKILL leaves no time
//! to do it. The handler has no such guard, because the real host has none (S40).

use std::io;
use std::process::Stdio;

use tokio::process::{Child, Command};

/// The script waits for the end of its input. Nothing is written to it, and it ends with the host, however that ends.
const SCRIPT: &str = r#"read -r _; kill -s KILL -- "$1""#;

/// A shell beside a process or a group of them. Drop it when they are gone.
#[derive(Debug)]
pub struct Guard {
    _shell: Child,
}

impl Guard {
    /// Guards the process of this id.
    ///
    /// # Errors
    /// The shell cannot be started.
    pub fn over(pid: u32) -> io::Result<Self> {
        Self::of(&pid.to_string())
    }

    /// Guards the process group of this id.
    ///
    /// # Errors
    /// The shell cannot be started.
    pub fn over_group(id: u32) -> io::Result<Self> {
        Self::of(&format!("-{id}"))
    }

    fn of(target: &str) -> io::Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "guard", target])
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
