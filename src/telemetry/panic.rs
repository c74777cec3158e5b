//! Writes panics to stderr, which the host logs as errors: one line each, because the host logs line by line.

use std::any::Any;
use std::fmt::Display;
use std::io::Write;

/// Installs the panic hook. From then on every panic writes one line to stderr.
pub fn report_panics_on_one_line() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let line = line(thread.name(), panic.location(), panic.payload());
        // Nobody may read stderr any more. A panic within the hook would end the process.
        let _ = writeln!(std::io::stderr(), "{line}");
    }));
}

/// The place of the panic, and its message if that is a fixed text. A formatted message is left out, because it may quote
/// personal data (docs/requirements.md#s1).
fn line(thread: Option<&str>, location: Option<&impl Display>, payload: &dyn Any) -> String {
    let thread = thread.unwrap_or("unnamed");
    let place = location.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let message = payload
        .downcast_ref::<&'static str>()
        .map_or("(message withheld)", |text| text);
    format!("panic in thread {thread} at {place}: {message}").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_message_is_shown_on_one_line() {
        let shown = line(Some("main"), Some(&"src/a.rs:1:2"), &"first\nsecond");
        assert_eq!(shown, "panic in thread main at src/a.rs:1:2: first second");
    }

    #[test]
    fn a_message_that_may_quote_data_is_withheld() {
        let payload = String::from("byte index 1 is out of bounds of `jane@example.com`");
        let shown = line(None, None::<&&str>, &payload);
        assert_eq!(shown, "panic in thread unnamed at an unknown place: (message withheld)");
    }
}
