//! `SecureAuth Connect` as the onboarding of billers sees it: a real HTTP server with the System API,
//! the Identity System API, the token endpoint and the on-premise Tenant Management API, as strict
//! as `reference/secureauth-api.md`, section 6, says. Rows in comments are rows of that section.
//!
//! ```no_run
//! use secureauth_simulator::{Fault, FaultKind, Options, Simulator};
//!
//! let simulator = Simulator::start(Options::default())?;
//! simulator.faults().add(Fault::on("create_pool", FaultKind::ResetAfter).nth(1));
//! println!("{}", simulator.base_url());
//! # Ok::<(), std::io::Error>(())
//! ```

mod admin;
mod app;
mod audit;
mod auth;
mod calls;
mod clock;
mod dump;
mod errors;
mod faults;
mod idempotency;
mod import;
mod lag;
mod limits;
mod options;
mod organizations;
mod pools;
mod random;
mod schemas;
mod server;
mod simulator;
mod state;
mod switches;
mod tenants;
mod users;

pub use admin::{
    GeneratedUsers, IdpEntry, Inventory, OrganizationEntry, PoolEntry, PoolUser, PoolUserAddress, Seed, SeedError,
    SignIn, UserCounts,
};
pub use calls::CallRecord;
pub use clock::ClockSource;
pub use faults::{ActiveFault, Fault, FaultBody, FaultKind, FaultStatus};
pub use options::{ALL_SCOPES, Client, Options};
pub use simulator::{Faults, Simulator};
pub use switches::{SwitchError, SwitchInfo, Switches};
