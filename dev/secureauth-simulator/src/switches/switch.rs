//! A switch in force.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

use super::values::SwitchValue;

/// A value that remembers whether it was asked for since it was set, so that a test can tell whether its behaviour was reached.
#[derive(Debug)]
pub(crate) struct Switch<T> {
    value: T,
    reached: AtomicBool,
}

impl<T: SwitchValue> Switch<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value,
            reached: AtomicBool::new(false),
        }
    }

    /// The value in words; does not count as asking for it.
    pub(super) fn text(&self) -> String {
        self.value.text()
    }

    pub(super) fn is_reached(&self) -> bool {
        self.reached.load(Ordering::Relaxed)
    }
}

impl<T> Deref for Switch<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.reached.store(true, Ordering::Relaxed);
        &self.value
    }
}

impl<T: Clone> Clone for Switch<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            reached: AtomicBool::new(self.reached.load(Ordering::Relaxed)),
        }
    }
}

impl<T: PartialEq> PartialEq for Switch<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Switch<T> {}
