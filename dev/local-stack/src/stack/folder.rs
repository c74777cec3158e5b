//! The temporary folder of a stack.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::error::StackError;

/// How often removing the folder is tried. A handler that was just killed may still write into it.
const ATTEMPTS: u32 = 1000;
/// Pause between two attempts.
const PAUSE: Duration = Duration::from_millis(10);

/// A temporary folder, removed when it is dropped.
#[derive(Debug)]
pub(super) struct Folder(Option<TempDir>);

impl Folder {
    pub(super) fn create() -> Result<Self, StackError> {
        let folder = TempDir::with_prefix("biller-onboarding-");
        folder
            .map(|folder| Self(Some(folder)))
            .map_err(StackError::file(std::env::temp_dir()))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// Leaves the folder where it is.
    pub(super) fn keep(&mut self) {
        self.0.take().map(TempDir::keep);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let Some(folder) = self.0.take() else { return };
        for _ in 0..ATTEMPTS {
            match fs::remove_dir_all(folder.path()) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_removed_when_it_is_dropped_unless_it_is_kept() {
        let folder = Folder::create().unwrap();
        let path = folder.path().to_owned();
        fs::write(path.join("file"), "").unwrap();
        drop(folder);
        assert!(!path.exists());

        let mut kept = Folder::create().unwrap();
        let path = kept.path().to_owned();
        kept.keep();
        drop(kept);
        assert!(path.exists());
        fs::remove_dir_all(path).unwrap();
    }
}
