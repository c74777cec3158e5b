//! Turns SQL Server's errors into [`StoreError`]. The server's messages may quote a row's values (duplicate keys, truncated
//! text, failed conversions, whatever a CRM's procedure says). So only the place, the kind and the names of
//! objects and columns are passed on
//! (docs/requirements.md#s1).

use tiberius::error::Error;

use super::names::names;
use crate::store::error::StoreError;
use crate::store::fault;

pub(super) type Fault = fault::Fault<Error>;

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Driver(error)
    }
}

/// The driver's error in a form that may be logged.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Described(String);

/// Error numbers after which the same call may succeed later (docs/reference/sql-server.md#errors), and 51001 of our own
/// scripts.
const TRANSIENT: [u32; 28] = [
    64, 233, 701, 911, 921, 1204, 1205, 1222, 3960, 4060, 8645, 8651, 10053, 10054, 10060, 10928, 10929, 40143, 40197,
    40501, 40540, 40613, 42108, 42109, 49918, 49919, 49920, 51001,
];

/// Error numbers after which the same transaction may succeed at once: deadlock, snapshot conflict, and a row that
/// somebody else inserted meanwhile.
const REPEATABLE: [u32; 4] = [1205, 3960, 2601, 2627];

/// Explains the error numbers about which somebody has to do something.
fn meaning(code: u32) -> Option<&'static str> {
    Some(match code {
        201 | 8144 | 8145 => "a procedure does not have the expected parameters",
        207 | 208 | 2812 => "a table, view, column or procedure is missing",
        229 | 230 | 262 | 297 => "permission denied",
        245 | 257 | 402 | 403 | 529 | 8114 | 8117 => {
            "a column has another type than the statement needs; `db check` names it. Texts of the CRM's views have to be VARCHAR, NVARCHAR, CHAR or NCHAR"
        }
        266 | 3902 | 3903 => "a procedure ended the transaction it was called in, or left one open",
        515 => "a value is missing",
        547 => "a constraint was violated",
        911 | 916 | 4060 => "the database cannot be opened",
        1205 => "deadlock",
        1222 => "another session did not release its lock in time",
        2601 | 2627 => "duplicate key",
        2628 | 8152 => "a value is too long",
        18456 => "log-in failed",
        51001 => "another migration is running",
        51003 => "a schema version is there that was made by another edition of its script",
        _ => return None,
    })
}

/// Adds the action, and whether the same call may succeed later.
pub(super) fn store_error(action: &'static str, fault: Fault) -> StoreError {
    match fault {
        Fault::Store(error) => error,
        Fault::Driver(error) => {
            let source = Box::new(Described(describe(&error)));
            if is_transient(&error) {
                StoreError::Unavailable { action, source }
            } else {
                StoreError::Refused { action, source }
            }
        }
    }
}

/// There was no connection, or no lock. The run is not the cause, so the call can be retried.
pub(super) fn unavailable(action: &'static str, description: String) -> StoreError {
    StoreError::Unavailable {
        action,
        source: Box::new(Described(description)),
    }
}

/// The settings are wrong, so a retry would not help.
pub(super) fn refused(action: &'static str, description: &str) -> StoreError {
    StoreError::Refused {
        action,
        source: Box::new(Described(description.to_owned())),
    }
}

/// True if the server rolled the transaction back for a reason that may be gone already.
pub(super) fn is_repeatable(fault: &Fault) -> bool {
    matches!(fault, Fault::Driver(error) if error.code().is_some_and(|code| REPEATABLE.contains(&code)))
}

fn is_transient(error: &Error) -> bool {
    match error {
        Error::Server(token) => TRANSIENT.contains(&token.code()),
        Error::Io { .. } | Error::Tls(_) | Error::Protocol(_) | Error::Routing { .. } => true,
        _ => false,
    }
}

/// Describes the error without anything that may be a row's value.
pub(super) fn describe(error: &Error) -> String {
    match error {
        Error::Server(token) => {
            let code = token.code();
            let place = match token.procedure() {
                "" => format!("line {}", token.line()),
                procedure => format!("{procedure} line {}", token.line()),
            };
            let (state, class) = (token.state(), token.class());
            let head = format!("SQL Server error {code}, state {state}, class {class}, {place}");
            let head = match meaning(code) {
                Some(words) => format!("{head}: {words}"),
                None => head,
            };
            match names(code, token.message()) {
                Some(names) => format!("{head} ({names})"),
                None => head,
            }
        }
        Error::Conversion(_) => "a column is not of the expected type".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_connection_is_transient_and_a_wrong_type_is_not() {
        let broken = Error::Io {
            kind: std::io::ErrorKind::BrokenPipe,
            message: "broken pipe".into(),
        };
        assert!(store_error("test", broken.into()).is_transient());
        let wrong = Error::Conversion("cannot interpret String(\"jane.doe\") as i64".into());
        let refused = store_error("test", wrong.into());
        assert!(!refused.is_transient());
        assert!(!format!("{refused:?}").contains("jane"));
    }
}
