//! What a stack has besides hosts and queues: app folder, simulator, settings, and a database with the sample CRM's tables.

use std::path::{Path, PathBuf};

use secureauth_simulator::{Options as SimulatorOptions, Simulator};

use super::{HandlerCommand, app_root, settings};
use crate::crm::Crm;
use crate::database::Database;
use crate::error::StackError;

/// The name of the database file.
pub(super) const DATABASE_FILE: &str = "biller-onboarding.db";

/// All of it, and the folder of the app.
pub(super) struct Backends {
    pub(super) app_root: PathBuf,
    pub(super) simulator: Simulator,
    pub(super) handler: HandlerCommand,
    pub(super) crm: Crm,
    pub(super) database: Database,
}

impl Backends {
    /// Copies the app into `directory`, starts the simulator, and creates in `directory` whatever the database lacks. `more`:
    /// settings that replace those for development.
    pub(super) async fn start(
        directory: &Path,
        repository: &Path,
        handler: &Path,
        simulator: SimulatorOptions,
        more: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, StackError> {
        let app_root = app_root::copy(repository, directory)?;
        let path = directory.join(DATABASE_FILE);
        let client = simulator.clients.first().cloned();
        let address = simulator.listen;
        let simulator = Simulator::start(simulator).map_err(|error| StackError::Simulator { address, error })?;
        let mut env = settings::for_development(&path, &simulator, client.as_ref());
        env.extend(more);
        let handler = HandlerCommand::new(handler.to_owned(), app_root.clone(), env);
        handler.run(&["db", "migrate"]).await?;
        handler.run(&["db", "sample-crm"]).await?;
        Ok(Self {
            crm: Crm::open(&path)?,
            database: Database::open(&path, simulator.tenant())?,
            app_root,
            simulator,
            handler,
        })
    }
}
