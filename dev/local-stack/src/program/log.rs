//! The log file: the handler's console lines and what the host says about them.

use std::fs::{OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use local_stack::StackError;
use tracing_subscriber::filter::LevelFilter;

/// Begins the file anew and sends everything from now on into it. While another set writes into that file it is the next
/// one: `name-2.log` …. Answers which.
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
            // Where files cannot be locked, two sets at once share one.
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
    fn a_log_that_another_set_writes_is_left_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.log");
        let other = File::create(&path).unwrap();
        other.lock().unwrap();
        let second = start(&path).unwrap();
        assert_eq!(second, folder.path().join("run-2.log"));
        assert!(second.is_file());
    }
}
