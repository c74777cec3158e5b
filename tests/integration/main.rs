//! The integration tests, one suite per capability. They are one program, so that they are linked only once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod azurite;
mod behind_the_functions;
mod commands;
mod dates;
mod doctor;
mod ending;
mod enrolled;
mod envelopes;
mod events;
mod factors;
mod fault_matrix;
mod faults;
mod few_calls;
mod figures;
mod fuzzing;
mod going_live;
mod health;
mod host_recording;
mod logging;
mod looking_again;
mod messages;
mod moves;
mod odd_data;
mod openapi;
mod operating;
mod own_host;
mod own_pool;
mod payload_schema;
mod people;
mod planning;
mod reasons;
mod refused;
mod repository;
mod request_forms;
mod robustness;
mod rolling_back;
mod sign_in;
mod small_and_big;
mod something_else;
mod sql_server_traffic;
mod store;
mod strict_servers;
mod support;
mod switch_matrix;
mod tds;
mod users;
mod users_meanwhile;
mod vault;
mod verifying;
