//! The log file: the handler's console lines and what the host says about them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use local_stack::StackError;
use tracing_subscriber::filter::LevelFilter;

/// Begins the file anew and sends everything from now on into it.
pub(super) fn start(path: &Path) -> Result<(), StackError> {
    let file = File::create(path).map_err(|error| StackError::File {
        path: PathBuf::from(path),
        error,
    })?;
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::INFO)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .init();
    Ok(())
}
