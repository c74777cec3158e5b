//! Everything that is logged on this thread.

use std::{cell::RefCell, io, rc::Rc, sync::Once};

type Lines = Rc<RefCell<Vec<u8>>>;

thread_local! {
    static LINES: RefCell<Option<Lines>> = const { RefCell::new(None) };
}

/// Captures the log lines of every level and target, of this thread until it is dropped. A test of this binary runs on one thread,
/// the connections of its client included.
pub struct Captured(Lines);

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
