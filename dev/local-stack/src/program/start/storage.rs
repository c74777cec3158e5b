//! The storage account of the real host: the one that the person's shell names, a running emulator, or an Azurite of our own.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use functions_host::{Azurite, AzuriteError};
use tokio::process::Command;

use super::super::policy::shell_variable;

/// The setting with the connection string.
const SETTING: &str = "AzureWebJobsStorage";
/// The connection string of a storage emulator on its usual ports.
const EMULATOR: &str = "UseDevelopmentStorage=true";
/// Where an emulator usually has blobs and queues. The host needs both.
const USUAL_PORTS: [u16; 2] = [10_000, 10_001];
/// A port of this machine answers at once, or never.
const CONNECT: Duration = Duration::from_secs(1);

/// A storage account that can be used.
pub(super) enum StorageAccount {
    /// The one of the person's shell, which is left as it is.
    Given(String),
    /// An emulator that runs on the usual ports.
    Running,
    /// Started for this program; it ends when it is dropped.
    Started(Box<Azurite>),
}

impl StorageAccount {
    /// Takes the account of the shell, or a running emulator, or starts one, which the installer installs first if it is missing.
    pub(super) async fn find(installer: Option<&Path>) -> Result<Self, AzuriteError> {
        if let Some(account) = choose(shell_variable(SETTING), listens) {
            return Ok(account);
        }
        if let Some(installer) = installer {
            // Without Azurite the start below fails, and says so.
            let mut install = Command::new(installer);
            let _ = install
                .arg("azurite")
                .stdin(Stdio::null())
                .kill_on_drop(true)
                .status()
                .await;
        }
        Ok(Self::Started(Box::new(Azurite::start_all().await?)))
    }

    pub(super) fn connection_string(&self) -> String {
        match self {
            Self::Given(connection_string) => connection_string.clone(),
            Self::Running => EMULATOR.to_owned(),
            Self::Started(azurite) => azurite.connection_string(),
        }
    }

    /// Without the connection string, which holds a key.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Given(_) => format!("the account of the variable {SETTING}"),
            Self::Running => "the emulator that runs on ports 10000 and 10001".to_owned(),
            Self::Started(azurite) => format!("Azurite in memory, its queues at {}", azurite.base_url()),
        }
    }
}

/// `None`: an emulator has to be started.
fn choose(setting: Option<String>, listens: impl Fn(u16) -> bool) -> Option<StorageAccount> {
    // A shell that names the emulator does not say whether it runs.
    let named = setting.filter(|value| !value.trim().is_empty() && !value.trim().eq_ignore_ascii_case(EMULATOR));
    let running = || USUAL_PORTS.into_iter().all(listens).then_some(StorageAccount::Running);
    named.map(StorageAccount::Given).or_else(running)
}

fn listens(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), CONNECT).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(setting: &str, listens: impl Fn(u16) -> bool) -> Option<String> {
        choose(Some(setting.to_owned()), listens).map(|storage| storage.connection_string())
    }

    #[test]
    fn an_account_that_the_shell_names_is_used() {
        assert_eq!(chosen("AccountName=one", |_| true).as_deref(), Some("AccountName=one"));
    }

    #[test]
    fn a_running_emulator_is_used_if_it_has_blobs_and_queues() {
        for setting in ["", EMULATOR] {
            assert_eq!(chosen(setting, |_| true).as_deref(), Some(EMULATOR));
            assert_eq!(chosen(setting, |port| port == 10_001), None);
            assert_eq!(chosen(setting, |_| false), None);
        }
    }
}
