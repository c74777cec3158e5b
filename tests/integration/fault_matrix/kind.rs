//! The kinds of faults that a call can meet.

use secureauth_simulator::{Fault, FaultBody, FaultKind, FaultStatus};

use super::lane::LATE_MS;

/// How often a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasts {
    /// One call.
    Once,
    /// That call and every later one, until an operator's command.
    ForEver,
}

/// The kinds of faults, with their names in a report.
pub(super) fn kinds() -> Vec<(&'static str, FaultKind)> {
    let status = |status| {
        FaultKind::Status(FaultStatus {
            status,
            ..FaultStatus::default()
        })
    };
    let spelt = |status, body| {
        FaultKind::Status(FaultStatus {
            status,
            body: Some(body),
            error_code: Some("request_forbidden".to_owned()),
            ..FaultStatus::default()
        })
    };
    let slow_down = FaultKind::Status(FaultStatus {
        status: 429,
        ..FaultStatus::default()
    });
    let effective_500 = FaultKind::Status(FaultStatus {
        status: 500,
        after_effect: true,
        ..FaultStatus::default()
    });
    let late = FaultKind::Delay {
        ms: LATE_MS,
        after_effect: false,
    };
    vec![
        ("500", status(500)),
        ("500 after the effect", effective_500),
        ("422", status(422)),
        ("409", status(409)),
        ("404", status(404)),
        ("401", status(401)),
        ("403", status(403)),
        ("429", slow_down),
        ("reset before", FaultKind::ResetBefore),
        ("reset after", FaultKind::ResetAfter),
        ("late effect", late),
        ("partial import", FaultKind::PartialImport { users: None }),
        ("401 as a page", spelt(401, FaultBody::Html)),
        ("403 request_forbidden", spelt(403, FaultBody::OAuth)),
    ]
}

/// The fault on the `nth` call of an operation.
pub(super) fn fault(operation: &str, kind: &FaultKind, nth: u64, lasts: Lasts) -> Fault {
    let fault = Fault::on(operation, kind.clone()).nth(nth);
    match lasts {
        Lasts::Once => fault,
        Lasts::ForEver => fault.every(1),
    }
}
