//! Mutated inputs from outside: the host's envelope, the HTTP caller's body, queue messages, SecureAuth's answers to the client and to
//! whole runs. Nothing panics, hangs, or loses state. `make fuzz` tries a million of each and a thousand runs, `make test` some thousand
//! and a few runs.

mod answers;
mod body;
mod campaign;
mod envelope;
mod handler;
mod message;
mod mutator;
mod proxy;
mod reply;
mod runs;
mod server;

use std::collections::BTreeSet;

use crate::openapi::documented_statuses;

/// The functions of the app: a new one has to be in the lists of the tests.
pub(crate) fn functions() -> BTreeSet<String> {
    let entries = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap();
    let folders = entries.map(|entry| entry.unwrap().path());
    folders
        .filter(|folder| folder.join("function.json").exists())
        .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

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

#[test]
fn runs() {
    campaign::run::<runs::Runs>();
}
