//! A failure inside an adapter, before it is known what the caller was doing.

use super::error::StoreError;

/// The driver's error, or one that says all already.
#[derive(Debug)]
pub(super) enum Fault<E> {
    Driver(E),
    Store(StoreError),
}

impl<E> From<StoreError> for Fault<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
