//! A host of another program, such as `func start`, as a child: it, the host and the handler below it are one process group, which ends as
//! a whole.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use functions_host::{Guard, machine_variables};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{Child, Command};

/// How long all of it may take to end after a Ctrl-C: the handler gives its runs back first, for up to 18 s.
const GRACE: Duration = Duration::from_secs(25);
/// Time between two looks whether a process of the group is left.
const LOOK: Duration = Duration::from_millis(50);
/// Core Tools send usage data unless this variable is set.
const WITHOUT_TELEMETRY: (&str, &str) = ("FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT", "1");
/// Core Tools load the extension bundle at the first start, perhaps through a proxy.
const NETWORK: [&str; 8] = [
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];
/// Settings of .NET, in which Core Tools are written: a machine without ICU needs one.
const DOTNET: &str = "DOTNET_";
/// Simulator, storage emulator and handler are on this machine, whatever proxy there is.
const LOCAL: &str = "127.0.0.1,localhost";

/// A running host. Dropping it kills all of its processes.
pub struct RealHost {
    child: Child,
    group: Option<Pid>,
    _guard: Guard,
}

impl RealHost {
    /// The command that runs a program with nothing of the person's shell but what it needs to run and to reach the network. Core Tools
    /// would pass the rest on to the handler, where it would replace the values of `local.settings.json`.
    pub fn command(program: &str) -> Command {
        let network = NETWORK.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
        let dotnet = std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(DOTNET.as_bytes()));
        let mut command = Command::new(program);
        command.env_clear().envs(machine_variables()).envs(network).envs(dotnet);
        for name in ["NO_PROXY", "no_proxy"] {
            let own = std::env::var_os(name).and_then(|own| own.into_string().ok());
            let own = own.unwrap_or_default();
            let separator = if own.is_empty() { "" } else { "," };
            command.env(name, format!("{own}{separator}{LOCAL}"));
        }
        command.env(WITHOUT_TELEMETRY.0, WITHOUT_TELEMETRY.1);
        command.stdin(Stdio::null());
        command
    }

    /// Starts a host.
    pub fn start(mut command: Command) -> io::Result<Self> {
        // In a group of its own it gets no Ctrl-C, and can be ended with everything that it started.
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let pid = child.id().unwrap_or_default();
        let guard = Guard::over_group(pid)?;
        let group = i32::try_from(pid).ok().and_then(Pid::from_raw);
        Ok(Self {
            child,
            group,
            _guard: guard,
        })
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends it as Ctrl-C does, and kills whatever is left after a while.
    pub async fn stop(mut self) {
        self.signal(Signal::INT);
        // It is killed below if it does not end in time.
        let _ = tokio::time::timeout(GRACE, self.all_ended()).await;
    }

    /// The host may end before its handler does.
    async fn all_ended(&mut self) -> io::Result<()> {
        self.child.wait().await?;
        while self.group.is_some_and(|group| test_kill_process_group(group).is_ok()) {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) {
        // An error means that the group has ended already.
        let _ = self.group.map(|group| kill_process_group(group, signal));
    }
}

impl Drop for RealHost {
    /// A host that was killed, or that ended in a crash, leaves its handler behind.
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
