//! The port that the handler listens on, and the limits of one HTTP request.
//!
//! Variables: `FUNCTIONS_CUSTOMHANDLER_PORT`, `HTTP_DEADLINE`, `MAX_BODY_BYTES`.

use std::time::Duration;

use super::environment::Environment;
use super::findings::Findings;
use super::reader::{Known, Reader};

/// Azure's front end gives up on a caller after 230 s (docs/reference/functions-host.md#timeouts); we answer earlier.
const LONGEST_ANSWER: Duration = Duration::from_secs(200);

/// Limits of one HTTP request.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    /// The HTTP function answers within this time.
    pub http_deadline: Duration,
    /// Longest body a caller may send, in bytes.
    pub max_body_bytes: u32,
}

impl Server {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let http_deadline = reader.duration("HTTP_DEADLINE", Duration::from_secs(20), Duration::from_secs(2));
        reader.require(http_deadline <= LONGEST_ANSWER, "HTTP_DEADLINE", &[], || {
            "at most `200s`: Azure gives up on the caller after 230 s".to_owned()
        });
        Self {
            http_deadline,
            max_body_bytes: reader.number("MAX_BODY_BYTES", 65_536, 1_024..=1_048_576),
        }
    }
}

/// The port on which the host calls the handler. It is not part of [`super::Settings`], because `serve` binds it
/// whatever else is wrong, and the other subcommands do not need it.
///
/// # Errors
/// One finding, when the host gave no port.
pub fn listen_port(environment: &Environment) -> Result<u16, Findings> {
    let mut reader = Reader::new(environment);
    let port = read_port(&mut reader);
    let (mut findings, _) = reader.finish();
    if port.is_none() && findings.is_empty() {
        findings.add(PORT, "the port on which the Functions host calls the handler");
    }
    port.ok_or(findings)
}

const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

pub(super) fn read_port(reader: &mut Reader<'_>) -> Option<u16> {
    reader.optional(Known::new(PORT, "a port number"), |text| {
        text.parse().ok().filter(|port| *port > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_comes_from_the_host() {
        assert_eq!(listen_port(&Environment::of([(PORT, "7071")])), Ok(7071));
        for environment in [
            Environment::default(),
            Environment::of([(PORT, "0")]),
            Environment::of([(PORT, "x")]),
        ] {
            assert!(listen_port(&environment).unwrap_err().names(PORT));
        }
    }
}
