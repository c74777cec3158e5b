//! The files of the recording: one per request, numbered in the order of the requests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use crate::support::Outcome;

/// Writes the recording, or compares with it.
pub(super) struct Recording {
    files: BTreeMap<String, String>,
    is_written: bool,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host_recording"))
}

/// What is recorded, by the name of the file.
pub(super) fn recorded() -> std::io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.insert(name, fs::read_to_string(path)?);
    }
    Ok(files)
}

/// The name of the file of a request.
pub(super) fn file_name(number: usize, request: &str) -> String {
    format!("{number:02}-{}.txt", request.replace(' ', "-"))
}

impl Recording {
    pub(super) fn open() -> Self {
        Self {
            files: BTreeMap::new(),
            is_written: env::var_os("HOST_RECORDING").is_some_and(|mode| mode == "write"),
        }
    }

    pub(super) fn add(&mut self, request: &str, text: &str) {
        let name = file_name(self.files.len() + 1, request);
        if !self.is_written {
            let recorded = fs::read_to_string(folder().join(&name)).unwrap_or_default();
            assert_eq!(
                text, recorded,
                "{name}: if that is wanted, `make host-recording` writes it anew"
            );
        }
        self.files.insert(name, text.to_owned());
    }

    /// Writes all files, or compares their names.
    pub(super) fn finish(self) -> Outcome {
        if !self.is_written {
            let (played, known) = (self.files.keys().cloned().collect::<Vec<_>>(), recorded()?);
            assert_eq!(played, known.into_keys().collect::<Vec<_>>(), "`make host-recording`");
            return Ok(());
        }
        let folder = folder();
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        for (name, text) in self.files {
            fs::write(folder.join(name), text)?;
        }
        Ok(())
    }
}
