//! Checks of the configuration.

use std::net::IpAddr;

use secrecy::ExposeSecret as _;
use url::{Host, Url};

use super::{
    super::{Backoff, id},
    Config, Deadlines, MAX_IN_FLIGHT,
};

/// Why a [`Config`] was refused. Names the member, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Plain `http` to another machine would send credentials in clear text.
    #[error("base_url must be https (http is accepted for a loopback host only)")]
    InsecureBaseUrl,
    /// `base_url` is not of the form `scheme://host[:port][/path]`.
    #[error("base_url must have a host and neither user, query nor fragment")]
    BaseUrl,
    /// `tenant_id` is empty or not one segment of a path.
    #[error("tenant_id must be one segment of a path, without `/`")]
    TenantId,
    /// `client_id` is empty.
    #[error("client_id must not be empty")]
    ClientId,
    /// `client_secret` is empty.
    #[error("client_secret must not be empty")]
    ClientSecret,
    /// A scope is empty or contains a blank.
    #[error("a scope must not be empty or contain a blank")]
    Scopes,
    /// `import_path` is not an absolute path.
    #[error("import_path must be an absolute path without query, fragment or relative segments")]
    ImportPath,
    /// `attempts` is zero.
    #[error("attempts must be at least 1")]
    Attempts,
    /// `backoff.factor` is below 1 or not a number.
    #[error("backoff.factor must be a number of at least 1")]
    BackoffFactor,
    /// A deadline is zero.
    #[error("deadlines must be longer than zero")]
    Deadlines,
    /// `max_in_flight` is not 1 to 8.
    #[error("max_in_flight must be 1 to {MAX_IN_FLIGHT}")]
    MaxInFlight,
    /// The TLS stack or the trust store could not be set up.
    #[error("the HTTP client could not be set up (trust store)")]
    HttpClient,
}

impl Config {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_base_url(&self.base_url)?;
        ensure(
            id::check(&self.tenant_id).is_ok() && !self.tenant_id.contains('/'),
            ConfigError::TenantId,
        )?;
        ensure(!self.client_id.is_empty(), ConfigError::ClientId)?;
        ensure(
            !self.client_secret.expose_secret().is_empty(),
            ConfigError::ClientSecret,
        )?;
        ensure(self.scopes.iter().all(|scope| is_word(scope)), ConfigError::Scopes)?;
        ensure(
            self.import_path.as_deref().is_none_or(is_plain_path),
            ConfigError::ImportPath,
        )?;
        ensure(
            (1..=MAX_IN_FLIGHT).contains(&self.max_in_flight),
            ConfigError::MaxInFlight,
        )?;
        check_calls(self.attempts, &self.backoff, &self.deadlines)
    }
}

/// The rule for every base URL a secret is sent to.
pub(crate) fn check_base_url(url: &Url) -> Result<(), ConfigError> {
    let plain = url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    ensure(plain, ConfigError::BaseUrl)?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
    ensure(safe, ConfigError::InsecureBaseUrl)
}

/// The rules for how often and how long a call may try.
pub(crate) fn check_calls(attempts: u32, backoff: &Backoff, deadlines: &Deadlines) -> Result<(), ConfigError> {
    ensure(attempts >= 1, ConfigError::Attempts)?;
    ensure(
        backoff.factor.is_finite() && backoff.factor >= 1.0,
        ConfigError::BackoffFactor,
    )?;
    let Deadlines {
        connect,
        crud,
        import,
        token,
    } = *deadlines;
    ensure(
        [connect, crud, import, token]
            .iter()
            .all(|deadline| !deadline.is_zero()),
        ConfigError::Deadlines,
    )
}

/// Whether the URL's host can only be this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_plain_path(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|rest| {
        rest.split('/')
            .all(|segment| id::check(segment).is_ok() && !segment.contains(['?', '#', '\\']))
    })
}

fn ensure(holds: bool, error: ConfigError) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use secrecy::SecretString;

    use super::{super::ClientAuthMethod, *};

    fn config() -> Config {
        Config {
            base_url: Url::parse("https://t.us.connect.secureauth.com").unwrap(),
            tenant_id: "t".into(),
            client_id: "c".into(),
            client_secret: SecretString::from("s"),
            auth_method: ClientAuthMethod::Basic,
            scopes: vec!["identity".into()],
            import_path: None,
            attempts: 3,
            backoff: Backoff::default(),
            deadlines: Deadlines::default(),
            max_in_flight: 8,
            expiry_margin: Duration::from_mins(1),
            jitter_seed: 1,
            product: None,
        }
    }

    fn refusal(change: impl FnOnce(&mut Config)) -> Option<ConfigError> {
        let mut config = config();
        change(&mut config);
        config.check().err()
    }

    fn base_url(text: &str) -> Option<ConfigError> {
        refusal(|config| config.base_url = Url::parse(text).unwrap())
    }

    #[test]
    fn a_secret_is_never_sent_in_clear_text_to_another_machine() {
        assert_eq!(
            base_url("http://t.us.connect.secureauth.com"),
            Some(ConfigError::InsecureBaseUrl)
        );
        assert_eq!(
            base_url("http://localhost.evil.example"),
            Some(ConfigError::InsecureBaseUrl)
        );
        assert_eq!(base_url("http://127.0.0.1:9000"), None);
        assert_eq!(base_url("http://[::1]:9000/prefix"), None);
        assert_eq!(base_url("https://user:pass@host"), Some(ConfigError::BaseUrl));
        assert_eq!(base_url("https://host/?q=1"), Some(ConfigError::BaseUrl));
    }

    #[test]
    fn more_than_eight_in_flight_are_refused() {
        assert_eq!(
            refusal(|config| config.max_in_flight = 9),
            Some(ConfigError::MaxInFlight)
        );
        assert_eq!(
            refusal(|config| config.max_in_flight = 0),
            Some(ConfigError::MaxInFlight)
        );
        assert_eq!(refusal(|config| config.max_in_flight = 1), None);
    }

    #[test]
    fn every_other_member_is_checked() {
        assert_eq!(
            refusal(|config| config.tenant_id = "a/b".into()),
            Some(ConfigError::TenantId)
        );
        assert_eq!(refusal(|config| config.client_id.clear()), Some(ConfigError::ClientId));
        assert_eq!(
            refusal(|config| config.client_secret = SecretString::from("")),
            Some(ConfigError::ClientSecret)
        );
        assert_eq!(
            refusal(|config| config.scopes.push("manage users".into())),
            Some(ConfigError::Scopes)
        );
        assert_eq!(refusal(|config| config.attempts = 0), Some(ConfigError::Attempts));
        assert_eq!(
            refusal(|config| config.backoff.factor = f32::NAN),
            Some(ConfigError::BackoffFactor)
        );
        assert_eq!(
            refusal(|config| config.deadlines.crud = Duration::ZERO),
            Some(ConfigError::Deadlines)
        );
        for path in ["", "relative", "/a/../b", "/a?b", "/a//b"] {
            assert_eq!(
                refusal(|config| config.import_path = Some(path.into())),
                Some(ConfigError::ImportPath),
                "{path}"
            );
        }
        assert_eq!(
            refusal(|config| config.import_path = Some("/api/identity/system/{tenantID}/configuration".into())),
            None
        );
    }
}
