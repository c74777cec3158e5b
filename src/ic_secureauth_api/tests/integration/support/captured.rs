//! Captures the log lines of a test.

use std::{cell::RefCell, io, rc::Rc, sync::Once};

type Lines = Rc<RefCell<Vec<u8>>>;

thread_local! {
    static LINES: RefCell<Option<Lines>> = const { RefCell::new(None) };
}

/// Captures all log lines of this thread until it is dropped. A test of this binary runs on one thread, with the connections of its
/// client.
pub struct Captured(Lines);

/// Writes to the capture of the thread, if there is one. The process has one subscriber, because with one per thread `tracing` may cache
/// that nobody listens.
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
        let lines = Lines::default();
        LINES.set(Some(Rc::clone(&lines)));
        Self(lines)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
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
        if let Some(lines) = LINES.with_borrow(Option::clone) {
            lines.borrow_mut().extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
