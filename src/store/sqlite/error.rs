//! Turns SQLite's errors into [`StoreError`]. Their texts name tables and columns, never values.

use rusqlite::ErrorCode;

use crate::store::error::StoreError;
use crate::store::fault;

pub(super) type Fault = fault::Fault<rusqlite::Error>;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Driver(error)
    }
}

/// Adds the action, and whether the same call may succeed later.
pub(super) fn store_error(action: &'static str, fault: Fault) -> StoreError {
    match fault {
        Fault::Store(error) => error,
        Fault::Driver(error) if is_transient(&error) => StoreError::Unavailable {
            action,
            source: Box::new(error),
        },
        Fault::Driver(error) => StoreError::Refused {
            action,
            source: Box::new(error),
        },
    }
}

/// There was no connection, so the call can be retried.
pub(super) fn unavailable(action: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable {
        action,
        source: Box::new(source),
    }
}

fn is_transient(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::DiskFull
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}
