//! Reads the connection string of a storage account.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _};
use sha2::Sha256;
use url::{Host, Url};

/// The account that every storage emulator has from the start. Name and key are public.
const EMULATED_NAME: &str = "devstoreaccount1";
const EMULATED_KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// Where an emulator's queues are unless it was told otherwise.
const EMULATED_ENDPOINT: &str = "http://127.0.0.1:10001/devstoreaccount1";
const PUBLIC_SUFFIX: &str = "core.windows.net";

/// Name, key and queue endpoint of a storage account.
#[derive(Clone)]
pub(crate) struct StorageAccount {
    pub(super) name: String,
    pub(super) key: Hmac<Sha256>,
    /// Without a slash at the end.
    pub(super) endpoint: String,
}

impl fmt::Debug for StorageAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut account = formatter.debug_struct("StorageAccount");
        account.field("name", &self.name).field("endpoint", &self.endpoint);
        account.finish_non_exhaustive()
    }
}

/// What is wrong with a connection string. The string itself is never shown, because it holds the account's key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the connection string of the storage account {0}")]
pub struct ConnectionStringError(&'static str);

impl StorageAccount {
    /// Reads `UseDevelopmentStorage=true`, or `AccountName=…;AccountKey=…` with `QueueEndpoint` or with the parts of one.
    pub(crate) fn parse(text: &str) -> Result<Self, ConnectionStringError> {
        let get = |name: &str| {
            let parts = text.split(';').filter_map(|part| part.split_once('='));
            let mut values =
                parts.filter_map(|(key, value)| key.trim().eq_ignore_ascii_case(name).then_some(value.trim()));
            values.find(|value| !value.is_empty())
        };
        if get("UseDevelopmentStorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Self::new(EMULATED_NAME, EMULATED_KEY, EMULATED_ENDPOINT);
        }
        let name = get("AccountName").ok_or(ConnectionStringError("names no AccountName"))?;
        let key = get("AccountKey").ok_or(ConnectionStringError(
            "has no AccountKey, and nothing else is supported",
        ))?;
        let endpoint = get("QueueEndpoint").map_or_else(
            || {
                let protocol = get("DefaultEndpointsProtocol").unwrap_or("https");
                let suffix = get("EndpointSuffix").unwrap_or(PUBLIC_SUFFIX);
                format!("{protocol}://{name}.queue.{suffix}")
            },
            str::to_owned,
        );
        Self::new(name, key, &endpoint)
    }

    fn new(name: &str, key: &str, endpoint: &str) -> Result<Self, ConnectionStringError> {
        let key = STANDARD.decode(key).ok();
        let key = key.and_then(|key| Hmac::new_from_slice(&key).ok());
        let is_endpoint = Url::parse(endpoint).is_ok_and(|url| url.has_host() && url.query().is_none());
        if !is_endpoint {
            return Err(ConnectionStringError(
                "has a QueueEndpoint that is no URL, or parts that make none",
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            key: key.ok_or(ConnectionStringError("has an AccountKey that is not base64"))?,
            endpoint: endpoint.trim_end_matches('/').to_owned(),
        })
    }
}

/// Whether the queues of the account that a connection string names are on this machine, as those of an emulator are.
pub fn is_on_this_machine(connection_string: &str) -> Result<bool, ConnectionStringError> {
    let endpoint = StorageAccount::parse(connection_string)?.endpoint;
    let url = Url::parse(&endpoint).ok();
    Ok(url.is_some_and(|url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }))
}

/// The connection string of an emulator's account, whose queues are at this URL.
pub(crate) fn of_emulator(base_url: &str) -> String {
    format!(
        "DefaultEndpointsProtocol=http;AccountName={EMULATED_NAME};AccountKey={EMULATED_KEY};\
         QueueEndpoint={base_url}/{EMULATED_NAME};"
    )
}

/// The same for an emulator that also has blobs and tables, each at a URL of its own.
pub(crate) fn of_emulator_with(blobs: &str, queues: &str, tables: &str) -> String {
    let queues = of_emulator(queues);
    format!("{queues}BlobEndpoint={blobs}/{EMULATED_NAME};TableEndpoint={tables}/{EMULATED_NAME};")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_of_an_emulator_has_a_name_of_its_own() {
        let account = StorageAccount::parse("UseDevelopmentStorage=true").unwrap();
        assert_eq!(account.name, "devstoreaccount1");
        assert_eq!(account.endpoint, "http://127.0.0.1:10001/devstoreaccount1");
        let elsewhere = StorageAccount::parse(&of_emulator("http://127.0.0.1:4711")).unwrap();
        assert_eq!(elsewhere.endpoint, "http://127.0.0.1:4711/devstoreaccount1");
    }

    #[test]
    fn an_endpoint_is_given_or_made_of_its_parts() {
        let endpoint = |text: &str| StorageAccount::parse(text).unwrap().endpoint;
        assert_eq!(
            endpoint("DefaultEndpointsProtocol=https;AccountName=one;AccountKey=YQ==;EndpointSuffix=core.example"),
            "https://one.queue.core.example"
        );
        assert_eq!(
            endpoint("accountname=one;accountkey=YQ=="),
            "https://one.queue.core.windows.net"
        );
        assert_eq!(
            endpoint("AccountName=one;AccountKey=YQ==;QueueEndpoint=https://queues.example/"),
            "https://queues.example"
        );
    }

    #[test]
    fn an_error_says_what_is_wrong_and_shows_no_key() {
        for (text, wrong) in [
            ("", "names no AccountName"),
            ("AccountName=one;SharedAccessSignature=sv=1", "has no AccountKey"),
            ("AccountName=one;AccountKey=no base64", "not base64"),
            ("AccountName=one;AccountKey=YQ==;QueueEndpoint=here", "is no URL"),
        ] {
            let error = StorageAccount::parse(text).unwrap_err().to_string();
            assert!(error.contains(wrong), "{text}: {error}");
            assert!(!error.contains("YQ=="), "{error}");
        }
        let account = StorageAccount::parse("UseDevelopmentStorage=true").unwrap();
        assert!(!format!("{account:?}").contains("Eby8"), "{account:?}");
    }
}
