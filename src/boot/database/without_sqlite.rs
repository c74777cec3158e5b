//! Stands in for `sqlite.rs` in a program that was built without SQLite. The settings of such a program refuse a SQLite file.

use std::future::{Ready, ready};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Database;
use crate::clock::Clock;
use crate::store::StoreError;

pub(super) fn open(_: &Path, _: Duration, _: &Arc<dyn Clock>) -> Ready<Result<Database, StoreError>> {
    ready(Err(StoreError::Refused {
        action: "open a SQLite file",
        source: "this program was built without SQLite".into(),
    }))
}
