//! The stack: simulator, hosts, handlers, database and folder.

mod app_root;
mod backends;
mod folder;
mod function_app;
mod handler;
mod options;
mod settings;
mod wait;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use functions_host::{Azurite, EmbeddedQueues, Executable, FunctionsHost, HostOptions, Inherited, QueueService};
use rustix::process::{Pid, Signal, kill_process};
use secureauth_simulator::Simulator;

pub use function_app::FunctionApp;
pub use handler::HandlerCommand;
pub use options::{StackOptions, Storage};
pub use wait::NotReached;

use crate::crm::Crm;
use crate::database::Database;
use crate::error::StackError;
use crate::front_door::FrontDoor;
use crate::secureauth::BillerInventory;
use backends::Backends;
use folder::Folder;

/// How long the handler may take until its first answer.
const READY_DEADLINE: Duration = Duration::from_mins(1);
/// Number of console lines shown when it takes longer.
const CONSOLE_LINES: usize = 10;
/// The setting with the connection string of the storage account.
const STORAGE: &str = "AzureWebJobsStorage";

/// A running stack. Dropping it kills the handlers, stops everything else and removes the folder.
pub struct Stack {
    hosts: Vec<FunctionsHost>,
    /// How each host was started.
    host_options: Vec<HostOptions>,
    front_doors: Vec<FrontDoor>,
    simulator: Simulator,
    handler: HandlerCommand,
    crm: Crm,
    database: Database,
    directory: Folder,
    /// The hosts' storage account. Dropped after the hosts, which use it to the end.
    azurite: Option<Azurite>,
}

impl Stack {
    /// Creates the folder with app root and database, starts the simulator and the hosts, and waits until every handler
    /// answers.
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        let directory = Folder::create()?;
        let azurite = match options.storage {
            Storage::Embedded => None,
            Storage::Azurite => Some(Azurite::start().await?),
        };
        let storage = azurite.iter().map(|it| (STORAGE.to_owned(), it.connection_string()));
        let settings = storage.chain(options.settings);
        let Backends {
            app_root,
            simulator,
            handler,
            crm,
            database,
        } = Backends::start(
            directory.path(),
            &options.repository,
            &options.handler,
            options.simulator,
            settings,
        )
        .await?;

        // Without queues of its own a host works on the account that its settings name.
        let embedded: Arc<dyn QueueService> = Arc::new(EmbeddedQueues::default());
        let queues = azurite.is_none().then_some(embedded);
        let served_by = options.served_by.unwrap_or_else(|| Executable {
            path: options.handler.clone(),
            arguments: vec!["serve".to_owned()],
        });
        let mut host_options = Vec::new();
        for number in 0..options.hosts.max(1) {
            let mut host = HostOptions::new(&app_root);
            host.env.clone_from(handler.settings());
            host.inherited = Inherited::Machine;
            host.executable = Some(served_by.clone());
            host.time = options.host_times.clone();
            host.timer_interval = options.timer_interval;
            (host.strict, host.recorded) = (options.strict, options.recorded);
            host.queues.clone_from(&queues);
            // Only the first host can have the port that was asked for.
            host.port = if number == 0 { options.port } else { 0 };
            host_options.push(host);
        }
        let (hosts, front_doors) = start_hosts(&host_options).await?;
        Ok(Self {
            hosts,
            host_options,
            front_doors,
            simulator,
            handler,
            crm,
            database,
            directory,
            azurite,
        })
    }

    /// A deployment: kills every handler, and starts hosts and handlers anew with a changed setting. Queues, database and
    /// SecureAuth stay.
    pub async fn deploy(&mut self, name: &str, value: &str) -> Result<(), StackError> {
        for host in self.hosts.drain(..) {
            host.kill_handler().await;
            host.stop().await;
        }
        for options in &mut self.host_options {
            options.env.insert(name.to_owned(), value.to_owned());
            options.port = 0;
        }
        self.handler.set(name, value);
        (self.hosts, self.front_doors) = start_hosts(&self.host_options).await?;
        Ok(())
    }

    /// The tables of the sample CRM, to read and to change.
    pub fn crm(&self) -> &Crm {
        &self.crm
    }

    /// The HTTP API, through the first host.
    pub fn front_door(&self) -> &FrontDoor {
        self.front_door_of(0)
    }

    /// The HTTP API through the host of this index.
    ///
    /// # Panics
    /// When there is no host of this index.
    #[expect(
        clippy::indexing_slicing,
        reason = "the number of hosts is the caller's own option; documented"
    )]
    pub fn front_door_of(&self, index: usize) -> &FrontDoor {
        &self.front_doors[index]
    }

    /// The simulator: its faults, switches and inventory.
    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// The first host.
    ///
    /// # Panics
    /// Never, because there is always one.
    #[expect(clippy::indexing_slicing, reason = "`start` makes at least one host")]
    pub fn host(&self) -> &FunctionsHost {
        &self.hosts[0]
    }

    /// All hosts; the first one has the port that was asked for.
    pub fn hosts(&self) -> &[FunctionsHost] {
        &self.hosts
    }

    /// Runs the handler's subcommands with the settings of the stack.
    pub fn handler(&self) -> &HandlerCommand {
        &self.handler
    }

    /// The handler's own tables, to read.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The hosts' storage account; `None` when the queues are embedded.
    pub fn azurite(&self) -> Option<&Azurite> {
        self.azurite.as_ref()
    }

    /// What SecureAuth holds of a biller whose organization has the biller's id.
    pub fn in_secureauth(&self, biller_id: &str) -> BillerInventory {
        BillerInventory::of(&self.simulator, biller_id)
    }

    /// The folder of the stack, with app root and database.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the hosts' strict mode reported; empty when the handler's answers were all as the host expects them.
    pub fn violations(&self) -> Vec<String> {
        self.hosts.iter().flat_map(FunctionsHost::violations).collect()
    }

    /// The lines of the handlers' consoles with an error or a warning.
    pub fn error_lines(&self) -> Vec<String> {
        let lines = self.hosts.iter().flat_map(FunctionsHost::console_lines);
        let is_wanted = |text: &String| ["ERROR", "WARN"].iter().any(|level| text.contains(level));
        lines.map(|line| line.text).filter(is_wanted).collect()
    }

    /// Ends a host and kills its handler, as a scale-in does. Messages it was working on stay hidden until their visibility
    /// timeout ends.
    ///
    /// # Panics
    /// When it is the last host.
    pub async fn remove_host(&mut self, index: usize) {
        assert!(self.hosts.len() > 1, "a stack has at least one host");
        self.front_doors.remove(index);
        self.host_options.remove(index);
        self.hosts.remove(index).stop().await;
    }

    /// Stops everything. The folder is removed unless `keep` is set.
    pub async fn stop(mut self, keep: bool) {
        for host in self.hosts.drain(..) {
            host.stop().await;
        }
        if keep {
            self.directory.keep();
        }
    }
}

impl Drop for Stack {
    /// Kills the handlers at once. A dropped host would kill its handler only when the runtime gets to it, and until
    /// then the handler would go on writing into the folder.
    fn drop(&mut self) {
        let pids = self.hosts.iter().filter_map(FunctionsHost::handler_pid);
        for pid in pids.filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
            // An error means that the process has ended already.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Starts the hosts and waits until every handler answers.
async fn start_hosts(options: &[HostOptions]) -> Result<(Vec<FunctionsHost>, Vec<FrontDoor>), StackError> {
    let mut hosts = Vec::new();
    for options in options {
        hosts.push(FunctionsHost::start(options.clone()).await?);
    }
    for host in &hosts {
        ready(host).await?;
    }
    let front_doors = hosts.iter().map(|host| FrontDoor::new(host.base_url()));
    let front_doors = front_doors.collect::<Result<_, _>>()?;
    Ok((hosts, front_doors))
}

async fn ready(host: &FunctionsHost) -> Result<(), StackError> {
    host.wait_until_ready(READY_DEADLINE).await.map_err(|reason| {
        let lines = host.console_lines();
        let last = lines.iter().rev().take(CONSOLE_LINES).rev();
        let console: Vec<_> = last.map(|line| line.text.as_str()).collect();
        StackError::NotReady {
            reason,
            console: console.join("\n"),
        }
    })
}
