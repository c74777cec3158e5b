//! The log file: the handler's console lines, and the host's own lines.

use std::fs::{OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use local_stack::StackError;
use tracing_subscriber::filter::LevelFilter;

/// Empties the file and sends all log lines into it. If another stack writes into that file, the next free one is taken:
/// `name-2.log` and so on. Returns the path of the file.
pub(super) fn start(path: &Path) -> Result<PathBuf, StackError> {
    let mut number = 1;
    let (path, file) = loop {
        let path = numbered(path, number);
        let opened = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
        let file = opened.map_err(|error| StackError::File {
            path: path.clone(),
            error,
        })?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => number += 1,
            // Where files cannot be locked, two stacks at once share a file.
            Ok(()) | Err(TryLockError::Error(_)) => break (path, file),
        }
    };
    file.set_len(0).map_err(|error| StackError::File {
        path: path.clone(),
        error,
    })?;
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::INFO)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .init();
    Ok(path)
}

/// The path itself, then the same name with a number.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{number}.{extension}"))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_log_file_that_another_stack_writes_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.log");
        let other = File::create(&path).unwrap();
        other.lock().unwrap();
        let second = start(&path).unwrap();
        assert_eq!(second, folder.path().join("run-2.log"));
        assert!(second.is_file());
    }
}
