//! A failure inside an adapter. It becomes a [`StoreError`] when the caller adds what it was doing.

use super::error::StoreError;

/// The driver's error, or one that is complete already.
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
