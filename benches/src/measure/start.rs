//! A start of the process, until it answers `GET /` for the first time.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use functions_host::{Executable, machine_variables};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::Instant;

use crate::error::BenchError;
use crate::process;

/// Longest time until the first answer.
const DEADLINE: Duration = Duration::from_secs(30);
/// Time between two attempts to connect.
const PAUSE: Duration = Duration::from_micros(500);
/// After this time an idle process has released what it needed for its start.
const IDLE: Duration = Duration::from_secs(1);
const PROBE: &[u8] = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";

/// What was seen of one start.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) first_answer: Duration,
    /// Memory of the idle process in MiB; only if it was asked for.
    pub(crate) idle_memory: Option<f64>,
}

/// Starts the program as the host does and ends it.
pub(crate) async fn start(
    program: &Executable,
    settings: &BTreeMap<String, String>,
    folder: &Path,
    with_memory: bool,
) -> Result<Started, BenchError> {
    let port = free_port()?;
    let begun = Instant::now();
    let mut child = Command::new(&program.path)
        .args(&program.arguments)
        .current_dir(folder)
        .env_clear()
        .envs(machine_variables())
        .envs(settings)
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(BenchError::file(&program.path))?;
    let not_started = || BenchError::NoProcess(program.path.display().to_string());
    while probe(port).await.is_err() {
        if begun.elapsed() > DEADLINE {
            return Err(not_started());
        }
        tokio::time::sleep(PAUSE).await;
    }
    let first_answer = begun.elapsed();
    let mut idle_memory = None;
    if with_memory {
        tokio::time::sleep(IDLE).await;
        idle_memory = Some(process::resident_memory(child.id().ok_or_else(not_started)?)?);
    }
    child.kill().await.map_err(BenchError::file(&program.path))?;
    Ok(Started {
        first_answer,
        idle_memory,
    })
}

/// Succeeds when the first byte of an answer has arrived.
async fn probe(port: u16) -> std::io::Result<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(PROBE).await?;
    stream.read_u8().await
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16, BenchError> {
    let port = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr();
    Ok(port().map_err(BenchError::file("127.0.0.1:0"))?.port())
}
