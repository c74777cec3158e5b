//! A function app on disk, for a host that is not part of this program: Core Tools (`func start`).

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use secureauth_simulator::Simulator;
use serde_json::json;

use super::backends::{Backends, DATABASE_FILE};
use super::{STORAGE, StackOptions, app_root};
use crate::crm::Crm;
use crate::database::Database;
use crate::error::StackError;

/// The handler's name in `host.json`.
const HANDLER_FILE: &str = "biller-onboarding";
/// Only its owner reads the file with the settings, because a connection string is a secret.
const OWNER_ONLY: u32 = 0o600;

/// An app folder that is ready for `func start`, with simulator and database beside it. Dropping it stops the simulator; all
/// files stay.
pub struct FunctionApp(Backends);

impl FunctionApp {
    /// Makes the app folder `app` in `folder` anew. The database beside it stays as it is, and is created if there is none. `storage` is
    /// the connection string of the storage account.
    ///
    /// Of the options only handler, repository, settings and simulator count.
    pub async fn prepare(options: StackOptions, folder: &Path, storage: &str) -> Result<Self, StackError> {
        app_root::remove(folder)?;
        // The handler runs in the app folder, so a relative path would mean another file there.
        fs::create_dir_all(folder).map_err(StackError::file(folder))?;
        let folder = folder.canonicalize().map_err(StackError::file(folder))?;
        let host = [("FUNCTIONS_WORKER_RUNTIME", "custom"), (STORAGE, storage)];
        let host = host.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = options.settings.into_iter().chain(host);
        let (repository, handler) = (&options.repository, &options.handler);
        let backends = Backends::start(&folder, repository, handler, options.simulator, settings).await?;
        let copy = backends.app_root.join(HANDLER_FILE);
        fs::copy(handler, &copy).map_err(StackError::file(handler))?;
        write_settings(&backends)?;
        Ok(Self(backends))
    }

    /// Removes the database that an earlier start left in `folder`.
    pub fn forget(folder: &Path) -> Result<(), StackError> {
        for suffix in ["", "-wal", "-shm"] {
            let file = folder.join(format!("{DATABASE_FILE}{suffix}"));
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(StackError::file(file)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Where `func start` has to run.
    pub fn app_root(&self) -> &PathBuf {
        &self.0.app_root
    }

    /// The SecureAuth that the handler calls.
    pub fn simulator(&self) -> &Simulator {
        &self.0.simulator
    }

    /// The tables of the sample CRM.
    pub fn crm(&self) -> &Crm {
        &self.0.crm
    }

    /// The handler's own tables.
    pub fn database(&self) -> &Database {
        &self.0.database
    }
}

fn write_settings(backends: &Backends) -> Result<(), StackError> {
    let path = backends.app_root.join("local.settings.json");
    let settings = json!({ "IsEncrypted": false, "Values": backends.handler.settings() });
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(&path);
    file.and_then(|mut file| writeln!(file, "{settings:#}"))
        .map_err(StackError::file(&path))
}
