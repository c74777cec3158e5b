//! The storage account of the real host: the one on this machine that the person's shell names, a running emulator, or an Azurite of our
//! own. An account elsewhere may be the one of a deployed app: the host here would take that app's messages.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use functions_host::{Azurite, is_on_this_machine};
use tokio::process::Command;

use super::super::policy::shell_variable;
use super::INSTEAD;

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
    /// Fails with what a person has to know.
    pub(super) async fn find(installer: Option<&Path>) -> Result<Self, String> {
        if let Some(account) = choose(shell_variable(SETTING), listens)? {
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
        let started = Azurite::start_all().await;
        started
            .map(|azurite| Self::Started(Box::new(azurite)))
            .map_err(|error| format!("{error}\n{INSTEAD}"))
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
fn choose(setting: Option<String>, listens: impl Fn(u16) -> bool) -> Result<Option<StorageAccount>, String> {
    // A shell that names the emulator does not say whether it runs.
    let named = setting.filter(|value| !value.trim().is_empty() && !value.trim().eq_ignore_ascii_case(EMULATOR));
    match named {
        None => Ok(USUAL_PORTS.into_iter().all(listens).then_some(StorageAccount::Running)),
        Some(named) => match is_on_this_machine(&named) {
            Ok(true) => Ok(Some(StorageAccount::Given(named))),
            Ok(false) => Err(format!(
                "{SETTING} of this shell names an account that is not on this machine. The host here would take the messages of \
                 the app that uses it. Without the variable an emulator is used: env -u {SETTING} make start"
            )),
            Err(error) => Err(format!("{SETTING} of this shell: {error}")),
        },
    }
}

fn listens(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), CONNECT).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(setting: &str, listens: impl Fn(u16) -> bool) -> Option<String> {
        let chosen = choose(Some(setting.to_owned()), listens).unwrap();
        chosen.map(|storage| storage.connection_string())
    }

    #[test]
    fn an_account_on_this_machine_that_the_shell_names_is_used() {
        for host in ["127.0.0.1", "localhost", "[::1]"] {
            let account = format!("AccountName=one;AccountKey=YQ==;QueueEndpoint=http://{host}:10011/one");
            assert_eq!(chosen(&account, |_| true), Some(account));
        }
    }

    #[test]
    fn the_account_of_a_deployed_app_is_refused_without_its_key() {
        for account in [
            "AccountName=deployed;AccountKey=YQ==",
            "AccountName=one;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1.example/one",
        ] {
            let refused = choose(Some(account.to_owned()), |_| true).err().unwrap();
            assert!(refused.contains("is not on this machine"), "{refused}");
            assert!(!refused.contains("YQ=="), "{refused}");
        }
    }

    #[test]
    fn an_account_that_cannot_be_read_is_named_by_its_variable() {
        let refused = choose(Some("AccountName=one".to_owned()), |_| true).err().unwrap();
        assert!(refused.starts_with("AzureWebJobsStorage of this shell"), "{refused}");
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
