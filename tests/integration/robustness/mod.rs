//! One wrong answer, one crash or one deployment harms nobody.

mod crashes;
mod database;
mod deployments;
mod servers;
mod slow_bodies;
mod stuck_runs;
mod throttled;
mod worker_slots;
