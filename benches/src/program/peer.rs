//! Installs the peer outside the repository.

use std::fs;
use std::path::{Path, PathBuf};

use functions_host::Executable;
use tokio::process::Command;

use super::REPOSITORY;
use crate::error::BenchError;

const PACKAGE: &str = "package.json";
/// A copy of `package.json`, written when everything that it names is installed.
const STAMP: &str = "installed.json";

/// The peer, if Node is there and the packages are installed. The peer's own files are copied each time.
pub(super) async fn installed(folder: &Path) -> Result<Option<Executable>, BenchError> {
    if !Command::new("node")
        .arg("--version")
        .output()
        .await
        .is_ok_and(|node| node.status.success())
    {
        return Ok(None);
    }
    let wanted = read(&source().join(PACKAGE))?;
    if fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == wanted) {
        copy(folder)?;
        return Ok(Some(executable(folder)));
    }
    Ok(None)
}

/// The peer; installs its packages if they are not there.
pub(super) async fn install(folder: &Path) -> Result<Executable, BenchError> {
    if let Some(peer) = installed(folder).await? {
        return Ok(peer);
    }
    eprintln!("bench: npm installs the peer's packages in {}", folder.display());
    fs::create_dir_all(folder).map_err(BenchError::file(folder))?;
    copy(folder)?;
    let npm = Command::new("npm")
        .args(["install", "--omit=dev", "--no-audit", "--no-fund", "--no-package-lock"])
        .current_dir(folder)
        .status()
        .await;
    let hint = "ARGS=--without-peer leaves it out";
    match npm {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(BenchError::Peer(format!("npm install ended with {status}; {hint}"))),
        Err(error) => return Err(BenchError::Peer(format!("npm: {error}; {hint}"))),
    }
    let stamp = folder.join(STAMP);
    fs::copy(folder.join(PACKAGE), &stamp).map_err(BenchError::file(stamp))?;
    Ok(executable(folder))
}

fn executable(folder: &Path) -> Executable {
    Executable {
        path: "node".into(),
        arguments: vec![folder.join("main.js").to_string_lossy().into_owned()],
    }
}

fn source() -> PathBuf {
    Path::new(REPOSITORY).join("benches/peer")
}

fn copy(folder: &Path) -> Result<(), BenchError> {
    let source = source();
    for entry in fs::read_dir(&source).map_err(BenchError::file(&source))? {
        let path = entry.map_err(BenchError::file(&source))?.path();
        if path.is_file()
            && let Some(name) = path.file_name()
        {
            fs::copy(&path, folder.join(name)).map_err(BenchError::file(&path))?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, BenchError> {
    fs::read_to_string(path).map_err(BenchError::file(path))
}
