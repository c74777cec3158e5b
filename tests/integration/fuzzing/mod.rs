//! Mutated inputs from outside: the host's envelope, the HTTP caller's body, queue messages, SecureAuth's answers. Nothing panics,
//! hangs, or loses state. `make fuzz` tries a million of each, `make test` some thousand.

mod answers;
mod body;
mod campaign;
mod envelope;
mod handler;
mod message;
mod mutator;
mod server;

use crate::openapi::documented_statuses;

/// The documented statuses of the HTTP API.
fn statuses() -> Vec<u64> {
    documented_statuses()
        .iter()
        .filter_map(|status| status.parse().ok())
        .collect()
}

#[test]
fn envelope() {
    campaign::run::<envelope::Envelope>();
}

#[test]
fn body() {
    campaign::run::<body::Bodies>();
}

#[test]
fn message() {
    campaign::run::<message::Messages>();
}

#[test]
fn answers() {
    campaign::run::<answers::Answers>();
}
