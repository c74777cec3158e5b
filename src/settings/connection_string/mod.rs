//! The connection string of SQL Server, in the form of ADO.NET (docs/SETTINGS.md#connection-string).
//!
//! The driver's own parser takes ASCII only and ignores what it does not know; so the string is read here, and what would
//! be ignored is a finding.

mod form;
mod keywords;
mod pairs;
mod server;

use tiberius::{AuthMethod, Config, EncryptionLevel};

use self::form::refuse_other_forms;
use self::keywords::{Keyword, Values};
use self::server::Server;

/// The application name of a string that has none.
const APPLICATION_NAME: &str = "biller-onboarding";

/// A connection string that can be used.
#[derive(Debug, Clone)]
pub struct ConnectionString {
    server: Server,
    database: String,
    user: String,
    password: secrecy::SecretString,
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
        values.refuse_other_log_ins()?;
        let user = values.text(Keyword::User).ok_or(" with `User ID`")?;
        let password = values.text(Keyword::Password).ok_or(" with `Password`")?;
        if password.to_ascii_lowercase().starts_with("{your_password") {
            return Err(" with the password itself in the place of `{your_password}`".to_owned());
        }
        let database = values
            .text(Keyword::Database)
            .ok_or(" with `Database` (or `Initial Catalog`): the one with the schema `ciam`")?;
        let copied = |keyword| values.text(keyword).map(str::to_owned);
        Ok(Self {
            server,
            database: database.to_owned(),
            user: user.to_owned(),
            password: password.into(),
            encryption: values.encryption(is_development)?,
            trust: values.trust(is_development)?,
            certificate_host: copied(Keyword::HostNameInCertificate),
            application_name: copied(Keyword::ApplicationName).unwrap_or_else(|| APPLICATION_NAME.to_owned()),
            workstation: copied(Keyword::WorkstationId),
        })
    }

    /// The driver's configuration.
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
        let password = secrecy::ExposeSecret::expose_secret(&self.password);
        config.authentication(AuthMethod::sql_server(&self.user, password));
        config
    }
}

#[cfg(test)]
mod tests;
