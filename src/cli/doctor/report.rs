//! The lines of the report.

use std::fmt::{Display, Write};

/// One line per check.
#[derive(Debug, Default)]
pub(super) struct Report {
    text: String,
    to_do: usize,
}

impl Report {
    /// As it has to be.
    pub(super) fn ok(&mut self, label: &str, what: impl Display) {
        self.line(label, "ok", &what);
    }

    /// Not checked, or a decision that somebody may want to know of. Runs succeed all the same.
    pub(super) fn note(&mut self, label: &str, what: impl Display) {
        self.line(label, "note", &what);
    }

    /// Somebody has to do what the line says: runs would fail or end with issues, or people could not sign in.
    pub(super) fn finding(&mut self, label: &str, what: impl Display) {
        self.to_do += 1;
        self.line(label, "to do", &what);
    }

    /// The text, and whether something has to be done.
    pub(super) fn finish(mut self) -> (String, bool) {
        self.push(&format!("outcome       {}", things_to_do(self.to_do)));
        (self.text, self.to_do > 0)
    }

    fn line(&mut self, label: &str, verdict: &str, what: &dyn Display) {
        self.push(&format!("{label:<13} {verdict}: {what}"));
    }

    fn push(&mut self, line: &str) {
        // Writing into a text cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}

/// How many findings somebody has to act on, for people.
pub(in super::super) fn things_to_do(count: usize) -> String {
    match count {
        0 => "nothing to do".to_owned(),
        1 => "1 thing to do".to_owned(),
        more => format!("{more} things to do"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_to_be_done_counts() {
        let mut report = Report::default();
        report.ok("token", "granted");
        report.note("application", "not checked");
        let (text, to_do) = report.finish();
        assert_eq!(
            text,
            "token         ok: granted\napplication   note: not checked\noutcome       nothing to do\n"
        );
        assert!(!to_do);
        let mut report = Report::default();
        report.finding("parent", "correct it");
        assert_eq!(
            report.finish(),
            (
                "parent        to do: correct it\noutcome       1 thing to do\n".to_owned(),
                true
            )
        );
    }
}
