//! The admin API for people and tests: inventory, call log, faults, switches, clock, seeds. It is no part
//! of the simulated APIs and needs no token.

mod activate;
mod by_hand;
mod codes;
mod enroll;
mod factors;
mod inventory;
mod routes;
mod seed;
mod sign_in;

pub use activate::Activation;
pub use codes::CodeEntry;
pub use inventory::{IdpEntry, Inventory, OrganizationEntry, PoolEntry, PoolUser, PoolUserAddress, UserCounts};
pub use seed::{GeneratedUsers, Seed, SeedError};
pub use sign_in::SignIn;

pub(crate) use activate::activate;
pub(crate) use by_hand::{remove_user, set_deactivated};
pub(crate) use codes::{ask_for_reset, enter_code, invite, outbox};
pub(crate) use enroll::enroll;
pub(crate) use inventory::{pool_users, sessions, take as take_inventory};
pub(crate) use routes::router;
pub(crate) use seed::plant;
pub(crate) use sign_in::{Person, may_sign_in, offered_factors, sign_in};
