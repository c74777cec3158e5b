//! Ends the handler when the host is gone without having ended it: a SIGKILL leaves the host no time to.

use std::io;
use std::process::Stdio;

use tokio::process::{Child, Command};

/// Nothing is ever written to its input; the input ends with the host, however that ends.
const SCRIPT: &str = r#"read -r _; kill -KILL "$1""#;

/// A shell beside one handler process. Drop it when that process is gone.
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
            // A group of its own: a Ctrl-C is not for it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { _shell: shell })
    }
}
