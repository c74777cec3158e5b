//! Settings: environment first, Key Vault behind it (docs/ARCHITECTURE.md#settings).
//!
//! [`Settings::read`] checks an [`Environment`] and reports everything that is wrong at once. Secrets
//! (docs/requirements.md#k1) are given in the environment, or known by their name in the vault; [`Settings::resolve`]
//! fetches the latter, which can fail and can be repeated at any time. `docs/SETTINGS.md` has every variable. One file
//! per concern:
//!
//! [`secureauth`] | [`onboarding`] | [`run`] | [`database`] | [`server`] | [`secrets`] and [`vault`] | [`log`]

mod connection_string;
pub mod database;
mod entra;
mod environment;
mod factors;
mod findings;
mod first_sign_in;
mod forms;
mod host;
mod key_vault;
pub mod log;
mod mechanism;
mod misspelt;
pub mod onboarding;
mod payload_members;
mod pool_name;
mod reader;
mod resolve;
pub mod run;
mod secret_state;
pub mod secrets;
pub mod secureauth;
pub mod server;
pub mod vault;
mod vault_wait;

pub use connection_string::{ConnectionString, Entra};
pub use database::{Database, DatabaseKind};
pub use entra::TokenSource;
pub use environment::Environment;
pub use findings::{Finding, Findings};
pub use first_sign_in::{FirstSignIn, Obstacle};
pub use key_vault::VaultError;
pub use log::{Log, LogFormat};
pub use onboarding::OnboardingSettings;
pub use pool_name::PoolName;
pub use run::RunSettings;
pub use secrets::{Secrets, Sources};
pub use secureauth::SecureAuth;
pub use server::{Server, listen_port};
pub use vault::{Identity, Vault};

use std::time::Duration;

use environment::{APP_ROOT, ENVIRONMENT_NAME};
use reader::{Known, Reader};

/// All settings, read and checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// True on a developer's machine (`AZURE_FUNCTIONS_ENVIRONMENT=Development`). SQLite, plain HTTP to the simulator and
    /// durations below their lower bounds are allowed there only.
    pub is_development: bool,
    /// Where SecureAuth is, and how it is called.
    pub secureauth: SecureAuth,
    /// What is created in SecureAuth, and how users' data is checked.
    pub onboarding: OnboardingSettings,
    /// How long runs work, wait and retry.
    pub run: RunSettings,
    /// The database with runs and users.
    pub database: Database,
    /// Limits of one HTTP request.
    pub server: Server,
    /// Where each secret comes from: environment or vault.
    pub sources: Sources,
    /// The vault, if one is configured.
    pub vault: Option<Vault>,
    /// Which lines are logged, and in which format.
    pub log: Log,
}

/// What the database commands need: the settings of the database and of the vault.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// The database with runs and users.
    pub database: Database,
    /// True on a developer's machine.
    pub is_development: bool,
    /// Whose tokens log in, where the connection string says so.
    pub identity: Identity,
    sources: Sources,
    vault: Option<Vault>,
}

impl DatabaseSettings {
    /// Reads and checks the variables of the database and of the vault only.
    ///
    /// # Errors
    /// Every finding about these variables.
    pub fn read(environment: &Environment) -> Result<Self, Findings> {
        let mut reader = Reader::new(environment);
        let database = Database::read(&mut reader);
        let identity = Identity::read(&mut reader);
        let vault = Vault::read(&mut reader, &identity);
        let kind = database.as_ref().map(|database| &database.kind);
        let sources = Sources::read_connection_string(&mut reader, Vault::is_meant(environment), kind);
        match (database, reader.finish().0) {
            (Some(database), findings) if findings.is_empty() => Ok(Self {
                database,
                is_development: environment.is_development(),
                identity,
                sources,
                vault,
            }),
            (_, findings) => Err(findings),
        }
    }

    /// How often the connection string is read again; `None` if it is not in a vault.
    pub fn refresh(&self) -> Option<Duration> {
        refresh(&self.sources, self.vault.as_ref())
    }
}

fn refresh(sources: &Sources, vault: Option<&Vault>) -> Option<Duration> {
    vault.filter(|_| sources.need_vault()).map(|vault| vault.refresh)
}

impl Settings {
    /// Reads and checks all variables, and `host.json` for its time limit.
    ///
    /// # Errors
    /// Every finding, not only the first.
    pub fn read(environment: &Environment) -> Result<Self, Findings> {
        Self::read_all(environment).0
    }

    /// How often the secrets are read again; `None` if none is in a vault.
    pub fn refresh(&self) -> Option<Duration> {
        refresh(&self.sources, self.vault.as_ref())
    }

    /// [`Self::read`], and a list of every variable that is known.
    fn read_all(environment: &Environment) -> (Result<Self, Findings>, Vec<Known>) {
        let mut reader = Reader::new(environment);
        let log = Log::read(&mut reader);
        reader.declare(Known::new(ENVIRONMENT_NAME, "the name of an environment"));
        reader.declare(Known::new(APP_ROOT, "a path").or("the working directory"));
        server::read_port(&mut reader);
        let server = Server::read(&mut reader);
        let database = Database::read(&mut reader);
        let identity = Identity::read(&mut reader);
        let vault = Vault::read(&mut reader, &identity);
        let kind = database.as_ref().map(|database| &database.kind);
        let sources = Sources::read(&mut reader, Vault::is_meant(environment), kind);
        let secureauth = SecureAuth::read(&mut reader);
        let onboarding = OnboardingSettings::read(&mut reader);
        if let Some(onboarding) = &onboarding {
            factors::check(onboarding, &mut reader);
        }
        let run = RunSettings::read(&mut reader, &secureauth);
        misspelt::report(&mut reader);
        let (findings, known) = reader.finish();
        let settings = match (onboarding, database) {
            (Some(onboarding), Some(database)) if findings.is_empty() => Ok(Self {
                is_development: environment.is_development(),
                secureauth,
                onboarding,
                run,
                database,
                server,
                sources,
                vault,
                log,
            }),
            _ => Err(findings),
        };
        (settings, known)
    }
}

#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod tests;
