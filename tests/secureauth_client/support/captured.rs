//! Everything that is logged on this thread.

use std::{cell::RefCell, io, sync::Once};

thread_local! {
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Captures the log lines of every level and target, of this thread until it is dropped. A test of this binary runs on one thread,
/// the connections of its client included.
pub struct Captured(());

/// Writes to the thread's capture, if there is one. One subscriber for the whole process: with one per thread the library that
/// counts who listens can overlook one.
struct ThreadLines;

impl Captured {
    pub fn start() -> Self {
        static SUBSCRIBED: Once = Once::new();
        SUBSCRIBED.call_once(|| {
            tracing_subscriber::fmt()
                .json()
                .with_max_level(tracing::Level::TRACE)
                .with_writer(|| ThreadLines)
                .init();
        });
        LINES.set(Some(Vec::new()));
        Self(())
    }

    pub fn text(&self) -> String {
        LINES.with_borrow(|lines| String::from_utf8(lines.clone().unwrap()).unwrap())
    }

    /// The fields of the lines with this message.
    pub fn events(&self, message: &str) -> Vec<serde_json::Value> {
        let events = self.text();
        let parsed = events
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        parsed
            .map(|event| event["fields"].clone())
            .filter(|fields| fields["message"] == message)
            .collect()
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

impl io::Write for ThreadLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.as_mut().map(|lines| lines.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
