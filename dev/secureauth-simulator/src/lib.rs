//! A stand-in for `SecureAuth Connect`: an HTTP server with the token endpoint, the System API, the Identity API and the Tenant
//! Management API of on-premise installations. It is as strict as docs/reference/secureauth-api.md says. "Row 60" in a comment means
//! dev/secureauth-simulator/README.md#row-60.
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
mod forbidden;
mod idempotency;
mod import;
mod lag;
mod limits;
mod options;
mod organizations;
mod outbox;
mod pools;
mod random;
mod schemas;
mod server;
mod simulator;
mod state;
mod switches;
mod tenants;
mod users;
mod workspaces;

pub use admin::{
    Activation, CodeEntry, GeneratedUsers, IdpEntry, Inventory, OrganizationEntry, PoolEntry, PoolUser,
    PoolUserAddress, Seed, SeedError, SignIn, UserCounts,
};
pub use calls::CallRecord;
pub use clock::ClockSource;
pub use faults::{ActiveFault, Fault, FaultBody, FaultKind, FaultStatus};
pub use options::{ALL_SCOPES, Client, Options};
pub use outbox::{Message, MessageKind};
pub use simulator::{Faults, Simulator};
pub use switches::{SwitchError, SwitchInfo, Switches};
