//! Copies what is deployed: `host.json` and the function folders. A developer's own `local.settings.json` stays behind.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::StackError;

/// The app's root folder in a stack's folder.
const ROOT: &str = "app";

/// Removes the app that an earlier start copied into `directory`.
pub(super) fn remove(directory: &Path) -> Result<(), StackError> {
    let root = directory.join(ROOT);
    match fs::remove_dir_all(&root) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StackError::file(root)(error)),
        _ => Ok(()),
    }
}

/// Copies the app into `directory`. Returns the app's root folder.
pub(super) fn copy(repository: &Path, directory: &Path) -> Result<PathBuf, StackError> {
    let root = directory.join(ROOT);
    create(&root)?;
    copy_file(repository, &root, Path::new("host.json"))?;
    let entries = fs::read_dir(repository).map_err(StackError::file(repository))?;
    for entry in entries {
        let name = entry.map_err(StackError::file(repository))?.file_name();
        let definition = Path::new(&name).join("function.json");
        if repository.join(&definition).is_file() {
            create(&root.join(&name))?;
            copy_file(repository, &root, &definition)?;
        }
    }
    Ok(root)
}

fn create(folder: &Path) -> Result<(), StackError> {
    fs::create_dir_all(folder).map_err(StackError::file(folder))
}

fn copy_file(from: &Path, to: &Path, name: &Path) -> Result<(), StackError> {
    let source = from.join(name);
    fs::copy(&source, to.join(name)).map_err(StackError::file(&source))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_has_the_definitions_and_nothing_else() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in ["function-one", "src"] {
            fs::create_dir(from.path().join(folder)).unwrap();
        }
        for file in [
            "host.json",
            "function-one/function.json",
            "local.settings.json",
            "src/main.rs",
        ] {
            fs::write(from.path().join(file), "{}").unwrap();
        }
        let root = copy(from.path(), to.path()).unwrap();
        assert!(root.join("host.json").is_file());
        assert!(root.join("function-one/function.json").is_file());
        assert_eq!(fs::read_dir(&root).unwrap().count(), 2);
    }
}
