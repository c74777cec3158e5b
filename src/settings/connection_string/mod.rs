//! The connection string of SQL Server, in the form of ADO.NET (docs/SETTINGS.md#connection-string).
//!
//! The driver's own parser takes ASCII only and ignores what it does not know; so the string is read here, and what would
//! be ignored is a finding.

mod form;
mod keywords;
mod log_in;
mod pairs;
mod server;

use secrecy::{ExposeSecret, SecretString};
use tiberius::{AuthMethod, Config, EncryptionLevel};

use self::form::refuse_other_forms;
use self::keywords::{Keyword, Values};
pub use self::log_in::Entra;
use self::log_in::LogIn;
use self::server::Server;

/// The application name of a string that has none.
const APPLICATION_NAME: &str = "biller-onboarding";

/// A connection string that can be used.
#[derive(Debug, Clone)]
pub struct ConnectionString {
    server: Server,
    database: String,
    log_in: LogIn,
    encryption: EncryptionLevel,
    trust: Trust,
    certificate_host: Option<String>,
    application_name: String,
    workstation: Option<String>,
}

/// Which certificates of a server are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trust {
    /// Those that the machine's trust store vouches for.
    Machine,
    /// Those of the CA in this file too.
    Ca(String),
    /// Any, in Development only.
    Any,
}

/// What a connection string should be, as the rest of a sentence that begins with [`NOUN`]. It repeats nothing of the string
/// but keywords that are no secret.
pub(super) type Expected = String;

/// How every sentence about a connection string begins.
pub(super) const NOUN: &str = "an ADO.NET connection string";

impl ConnectionString {
    /// Reads a connection string. Outside Development nothing in it may turn off TLS or the check of the server's
    /// certificate.
    ///
    /// # Errors
    /// What is expected instead, as a noun that ends a sentence. It never holds a value.
    pub fn parse(text: &str, is_development: bool) -> Result<Self, String> {
        Self::read(text, is_development).map_err(|expected| format!("{NOUN}{expected}"))
    }

    fn read(text: &str, is_development: bool) -> Result<Self, Expected> {
        refuse_other_forms(text)?;
        let values = Values::of(pairs::pairs(text)?)?;
        let server = values.text(Keyword::Server).ok_or(" with `Server`")?;
        let server = Server::parse(server)?;
        let log_in = LogIn::of(&values)?;
        values.refuse_read_only()?;
        let database = values
            .text(Keyword::Database)
            .ok_or(" with `Database` (or `Initial Catalog`): the one with the schema `ciam`")?;
        let copied = |keyword| values.text(keyword).map(str::to_owned);
        Ok(Self {
            server,
            database: database.to_owned(),
            log_in,
            encryption: values.encryption(is_development)?,
            trust: values.trust(is_development)?,
            certificate_host: copied(Keyword::HostNameInCertificate),
            application_name: copied(Keyword::ApplicationName).unwrap_or_else(|| APPLICATION_NAME.to_owned()),
            workstation: copied(Keyword::WorkstationId),
        })
    }

    /// Whose token is the log-in; `None`: the string has user and password.
    pub fn entra(&self) -> Option<&Entra> {
        match &self.log_in {
            LogIn::Sql { .. } => None,
            LogIn::Entra(entra) => Some(entra),
        }
    }

    /// The driver's configuration for a log-in with a token.
    pub fn config_with_token(&self, token: &SecretString) -> Config {
        let mut config = self.config();
        config.authentication(AuthMethod::aad_token(token.expose_secret()));
        config
    }

    /// The driver's configuration; without a log-in if that needs a token.
    pub fn config(&self) -> Config {
        let mut config = Config::new();
        config.host(&self.server.host);
        config.port(self.server.port);
        config.database(&self.database);
        config.encryption(self.encryption);
        match &self.trust {
            Trust::Machine => {}
            Trust::Ca(file) => config.trust_cert_ca(file),
            Trust::Any => config.trust_cert(),
        }
        if let Some(host) = &self.certificate_host {
            config.hostname_in_certificate(host);
        }
        config.application_name(&self.application_name);
        if let Some(name) = &self.workstation {
            config.client_name(name);
        }
        if let LogIn::Sql { user, password } = &self.log_in {
            config.authentication(AuthMethod::sql_server(user, password.expose_secret()));
        }
        config
    }
}

#[cfg(test)]
mod tests;
