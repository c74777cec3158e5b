//! Everything that knows Azure Functions: the host's requests and answers, and one file per function
//! (docs/reference/functions-host.md#request).

mod accepted;
mod answer;
mod bounded_body;
mod content_type;
mod health;
mod invocation;
mod migrate_users;
mod onboard_biller;
mod problem;
mod queue_message;
mod recover_onboardings;
mod refused;
mod retry_after;
mod router;
mod services;
mod status_view;
mod toggle_request;

pub use router::router;
pub use services::{HttpLimits, NotReady, Services, ServicesSource};
