//! The programs that are measured, and how the stack runs them.

mod peer;

use std::path::PathBuf;

use functions_host::Executable;
use local_stack::{Stack, StackOptions};

use crate::arguments::Arguments;
use crate::error::BenchError;

/// The repository's root folder.
pub(crate) const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The settings that a stack makes short for tests. Without a value they are as in production.
const AS_IN_PRODUCTION: [&str; 21] = [
    "SECUREAUTH_CONNECT_DEADLINE",
    "SECUREAUTH_CRUD_DEADLINE",
    "SECUREAUTH_IMPORT_DEADLINE",
    "SECUREAUTH_TOKEN_DEADLINE",
    "RETRY_FIRST",
    "RETRY_MAX",
    "RETRY_AFTER_CAP",
    "FORBIDDEN_PAUSE",
    "RUN_PAUSES",
    "ROLLBACK_PAUSES",
    "ROLLBACK_TIME_LIMIT",
    "LEASE",
    "HEARTBEAT",
    "CALL_MARGIN",
    "RESEND_FIRST",
    "RESEND_LONGEST",
    "NO_SLOT_PAUSE",
    "RECHECK_AFTER",
    "CRASH_PAUSE",
    "VERIFY_PAUSES",
    "DATABASE_BUSY_TIMEOUT",
];

/// What a result is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Program {
    /// The handler.
    Handler,
    /// The same onboarding in Node (benches/peer/README.md).
    Peer,
    /// The handler's imports, sent again by a minimal client.
    Replay,
}

/// The programs that were found.
#[derive(Debug)]
pub(crate) struct Programs {
    handler: PathBuf,
    peer: Option<Executable>,
}

impl Programs {
    pub(crate) async fn find(arguments: &Arguments) -> Result<Self, BenchError> {
        let peer = if !arguments.needs_the_peer() {
            None
        } else if arguments.may_install() {
            Some(peer::install(&arguments.peer_folder()).await?)
        } else {
            let installed = peer::installed(&arguments.peer_folder()).await?;
            if installed.is_none() {
                eprintln!(
                    "bench: Node or the peer's packages are not installed (`make bench` installs those): only the handler runs"
                );
            }
            installed
        };
        Ok(Self {
            handler: arguments.handler(),
            peer,
        })
    }

    /// The programs that take turns.
    pub(crate) fn in_turn(&self) -> impl Iterator<Item = Program> {
        let peer = self.peer.as_ref().map(|_| Program::Peer);
        [Program::Handler].into_iter().chain(peer)
    }

    /// The command line of a program.
    pub(crate) fn executable(&self, program: Program) -> Executable {
        let handler = || Executable {
            path: self.handler.clone(),
            arguments: vec!["serve".to_owned()],
        };
        match program {
            Program::Peer => self.peer.clone().unwrap_or_else(handler),
            Program::Handler | Program::Replay => handler(),
        }
    }

    /// Starts a stack that the program serves, with the settings of production.
    pub(crate) async fn stack(&self, program: Program) -> Result<Stack, BenchError> {
        let options = StackOptions::new(&self.handler);
        let mut options = AS_IN_PRODUCTION
            .iter()
            .fold(options, |options, name| options.set(name, ""));
        options.timer_interval = None;
        options.served_by = Some(self.executable(program));
        Ok(Stack::start(options).await?)
    }
}
