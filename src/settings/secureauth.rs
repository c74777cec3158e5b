//! Where SecureAuth is, and how it is called: deadlines, retries, requests in flight.
//!
//! Variables: `SECUREAUTH_BASE_URL`, `SECUREAUTH_REGION`, `SECUREAUTH_AUTH_METHOD`, `SECUREAUTH_IMPORT_PATH`,
//! `SECUREAUTH_MAX_IN_FLIGHT`, `SECUREAUTH_WORKERS`, `SECUREAUTH_{CONNECT,CRUD,IMPORT,TOKEN}_DEADLINE`,
//! `SECUREAUTH_TOKEN_MARGIN`, `RETRY_ATTEMPTS`, `RETRY_FIRST`, `RETRY_MAX`, `RETRY_AFTER_CAP`, `FORBIDDEN_PAUSE`.

use std::time::Duration;

use strum::{Display, EnumString, VariantNames};
use url::Url;

use super::forms::base_url;
use super::reader::{Known, Reader};

/// How the client authenticates at the token endpoint. A client is registered for one of the two
/// (docs/reference/secureauth-api.md#access).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum AuthMethod {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
}

/// Where SecureAuth is, and how it is called.
#[derive(Debug, Clone)]
pub struct SecureAuth {
    place: Place,
    /// How the client authenticates at the token endpoint.
    pub auth_method: AuthMethod,
    /// Path of the import if it is not the default; `{tenantID}` stands for the tenant id.
    pub import_path: Option<String>,
    /// Requests in flight that the tenant gets from all workers together, 1 to 8.
    pub max_in_flight: u8,
    /// Processes that may work on runs at the same time (rows of `ciam.WorkerSlot`).
    pub workers: u8,
    /// Longest time of one attempt, by kind of call.
    pub deadlines: Deadlines,
    /// A token is renewed this long before it expires.
    pub token_margin: Duration,
    /// How a failed call is repeated.
    pub retry: Retry,
}

/// Longest time of one attempt, by kind of call.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Connecting: name resolution, TCP and TLS.
    pub connect: Duration,
    /// A call that is neither an import nor a token request.
    pub crud: Duration,
    /// An import of one chunk.
    pub import: Duration,
    /// A token request.
    pub token: Duration,
}

/// How a failed call is repeated (docs/requirements.md#r1).
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Attempts per call, the first included.
    pub attempts: u8,
    /// Upper bound of the pause after the first attempt; it doubles with every attempt.
    pub first: Duration,
    /// No pause is longer, except where SecureAuth asks for it.
    pub max: Duration,
    /// Longest `Retry-After` that is waited for inside a call.
    pub after_cap: Duration,
    /// Pause of all calls after a 403 that may mean too many calls.
    pub forbidden: Duration,
}

#[derive(Debug, Clone)]
enum Place {
    Given(Url),
    Region(String),
}

impl SecureAuth {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let settings = Self {
            place: place(reader),
            auth_method: reader.one_of("SECUREAUTH_AUTH_METHOD", AuthMethod::Basic),
            import_path: reader.optional(
                Known::new(
                    "SECUREAUTH_IMPORT_PATH",
                    "an absolute path without query, where `{tenantID}` stands for the tenant id",
                )
                .or("/api/identity/{tenantID}/configuration"),
                |text| is_plain_path(text).then(|| text.to_owned()),
            ),
            max_in_flight: reader.number("SECUREAUTH_MAX_IN_FLIGHT", 8, 1..=8),
            workers: reader.number("SECUREAUTH_WORKERS", 1, 1..=8),
            deadlines: Deadlines::read(reader),
            token_margin: reader.duration(
                "SECUREAUTH_TOKEN_MARGIN",
                Duration::from_mins(1),
                Duration::from_secs(10),
            ),
            retry: Retry::read(reader),
        };
        reader.require(
            settings.max_in_flight >= settings.workers,
            "SECUREAUTH_WORKERS",
            &["SECUREAUTH_MAX_IN_FLIGHT"],
            || "at most SECUREAUTH_MAX_IN_FLIGHT: every worker needs a share of at least one request".to_owned(),
        );
        settings
    }

    /// Where the APIs are: `SECUREAUTH_BASE_URL`, else the vendor's host of this tenant.
    ///
    /// # Errors
    /// When `tenant_id` is not one label of a host name. The tenant id of [`super::Secrets`] always is.
    pub fn base_url(&self, tenant_id: &str) -> Result<Url, url::ParseError> {
        match &self.place {
            Place::Given(url) => Ok(url.clone()),
            Place::Region(region) => Url::parse(&format!("https://{tenant_id}.{region}.connect.secureauth.com")),
        }
    }

    /// One worker's share of the requests in flight, at least 1.
    pub fn in_flight_per_worker(&self) -> u8 {
        self.max_in_flight.checked_div(self.workers).unwrap_or(1).max(1)
    }

    /// The longest one attempt of any call can take.
    pub fn longest_call(&self) -> Duration {
        let Deadlines {
            connect,
            crud,
            import,
            token,
        } = self.deadlines;
        connect.max(crud).max(import).max(token)
    }
}

fn place(reader: &mut Reader<'_>) -> Place {
    let is_development = reader.is_development();
    let region = reader.text(
        "SECUREAUTH_REGION",
        "a region of the vendor, one label of a host name",
        "us",
        is_host_label,
    );
    let known = Known::new(
        "SECUREAUTH_BASE_URL",
        "an https URL without user, query or fragment (http for this machine only where AZURE_FUNCTIONS_ENVIRONMENT=Development)",
    )
    .or("https://{tenant}.{region}.connect.secureauth.com");
    reader
        .optional(known, |text| base_url(text, is_development))
        .map_or(Place::Region(region), Place::Given)
}

impl Deadlines {
    fn read(reader: &mut Reader<'_>) -> Self {
        let mut deadline =
            |name, default, floor| reader.duration(name, Duration::from_secs(default), Duration::from_secs(floor));
        Self {
            connect: deadline("SECUREAUTH_CONNECT_DEADLINE", 10, 1),
            crud: deadline("SECUREAUTH_CRUD_DEADLINE", 30, 5),
            import: deadline("SECUREAUTH_IMPORT_DEADLINE", 60, 10),
            token: deadline("SECUREAUTH_TOKEN_DEADLINE", 30, 5),
        }
    }
}

impl Retry {
    fn read(reader: &mut Reader<'_>) -> Self {
        let retry = Self {
            attempts: reader.number("RETRY_ATTEMPTS", 3, 1..=10),
            first: reader.duration("RETRY_FIRST", Duration::from_millis(500), Duration::from_millis(100)),
            max: reader.duration("RETRY_MAX", Duration::from_secs(20), Duration::from_secs(1)),
            after_cap: reader.duration("RETRY_AFTER_CAP", Duration::from_mins(2), Duration::from_secs(10)),
            forbidden: reader.duration("FORBIDDEN_PAUSE", Duration::from_secs(15), Duration::from_secs(1)),
        };
        reader.require(retry.first <= retry.max, "RETRY_FIRST", &["RETRY_MAX"], || {
            "at most RETRY_MAX".to_owned()
        });
        retry
    }
}

/// One label of a host name: letters, digits and inner hyphens, at most 63.
pub(super) fn is_host_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_plain_path(text: &str) -> bool {
    let is_segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~{}".contains(&byte))
    };
    text.strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::environment::Environment;

    fn read(pairs: &[(&str, &str)]) -> Result<SecureAuth, String> {
        let environment = Environment::of(pairs.iter().copied());
        let mut reader = Reader::new(&environment);
        let settings = SecureAuth::read(&mut reader);
        let (findings, _) = reader.finish();
        if findings.is_empty() {
            Ok(settings)
        } else {
            Err(findings.to_string())
        }
    }

    #[test]
    fn the_vendors_host_of_the_tenant_is_the_default() {
        let settings = read(&[("SECUREAUTH_REGION", "eu")]).unwrap();
        let url = settings.base_url("dev-invoicecloud").unwrap();
        assert_eq!(url.as_str(), "https://dev-invoicecloud.eu.connect.secureauth.com/");
        assert!(settings.base_url("a tenant").is_err());
    }

    #[test]
    fn a_given_base_url_wins() {
        let settings = read(&[("SECUREAUTH_BASE_URL", "https://login.example.com/sa")]).unwrap();
        assert_eq!(settings.base_url("t").unwrap().as_str(), "https://login.example.com/sa");
    }

    #[test]
    fn the_budget_in_flight_is_shared_by_the_workers() {
        let settings = read(&[("SECUREAUTH_WORKERS", "3")]).unwrap();
        assert_eq!(settings.in_flight_per_worker(), 2);
        let refused = read(&[("SECUREAUTH_WORKERS", "3"), ("SECUREAUTH_MAX_IN_FLIGHT", "2")]).unwrap_err();
        assert!(
            refused.starts_with("SECUREAUTH_WORKERS: expected at most SECUREAUTH_MAX_IN_FLIGHT"),
            "{refused}"
        );
        assert!(read(&[("SECUREAUTH_MAX_IN_FLIGHT", "9")]).is_err());
    }

    #[test]
    fn the_longest_call_is_the_longest_deadline() {
        assert_eq!(read(&[]).unwrap().longest_call(), Duration::from_mins(1));
        let settings = read(&[("SECUREAUTH_CRUD_DEADLINE", "90s")]).unwrap();
        assert_eq!(settings.longest_call(), Duration::from_secs(90));
    }

    #[test]
    fn an_import_path_is_absolute_and_plain() {
        let given = |path| read(&[("SECUREAUTH_IMPORT_PATH", path)]).map(|settings| settings.import_path);
        let other = "/api/identity/system/{tenantID}/configuration";
        assert_eq!(given(other), Ok(Some(other.to_owned())));
        for bad in ["api", "/a?b", "/a/../b", "/a//b", "/"] {
            assert!(given(bad).is_err(), "{bad}");
        }
    }
}
