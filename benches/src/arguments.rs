//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::plan::{Plan, Rows};

/// Measures the handler and a Node peer
#[derive(Debug, Parser)]
#[command(version)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Arguments {
    /// A few hundred users, one run: shows that everything works, measures nothing
    #[arg(long, conflicts_with = "long")]
    smoke: bool,
    /// 100,000 users per row and a biller of a million; fails if the peer is too slow to compare with
    #[arg(long)]
    long: bool,
    /// Only the comparison without latency, with this many users
    #[arg(long, value_name = "USERS", conflicts_with_all = ["smoke", "long", "publish"])]
    only: Option<u32>,
    /// Only the handler at servers that limit calls
    #[arg(long, conflicts_with_all = ["smoke", "long", "only", "publish"])]
    throttled: bool,
    /// Number of runs per row; the table shows medians
    #[arg(long)]
    runs: Option<u32>,
    /// Measures the handler only
    #[arg(long)]
    without_peer: bool,
    /// The handler's binary; by default beside this program
    #[arg(long)]
    handler: Option<PathBuf>,
    /// Folder for CSV and plots; by default `bench` in the target folder
    #[arg(long)]
    output: Option<PathBuf>,
    /// Also writes table and plots into docs/performance.md and docs/performance/
    #[arg(long)]
    pub(crate) publish: bool,
    /// Folder in which the peer's packages are installed; by default in the target folder
    #[arg(long, env = "TOOLS")]
    tools: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn plan(&self) -> Plan {
        let mut plan = match (self.only, self.smoke, self.long) {
            (Some(users), _, _) => Plan::only(users),
            (_, true, _) => Plan::smoke(),
            (_, _, true) => Plan::long(),
            _ => Plan::usual(),
        };
        if self.throttled {
            plan.only = Some(Rows::Throttled);
        }
        plan.runs = self.runs.unwrap_or(plan.runs).max(1);
        plan
    }

    /// A smoke run installs nothing, because tests use no network.
    pub(crate) fn may_install(&self) -> bool {
        !self.smoke
    }

    /// Rows of the handler alone need no peer.
    pub(crate) fn needs_the_peer(&self) -> bool {
        !self.without_peer && !self.throttled
    }

    pub(crate) fn handler(&self) -> PathBuf {
        let beside = || program_folder().join("biller-onboarding");
        self.handler.clone().unwrap_or_else(beside)
    }

    pub(crate) fn output(&self) -> PathBuf {
        self.output.clone().unwrap_or_else(|| target_folder().join("bench"))
    }

    pub(crate) fn peer_folder(&self) -> PathBuf {
        self.tools.clone().unwrap_or_else(target_folder).join("bench-peer")
    }
}

fn program_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.parent().map(PathBuf::from).unwrap_or_default()
}

fn target_folder() -> PathBuf {
    program_folder().parent().map(PathBuf::from).unwrap_or_default()
}
