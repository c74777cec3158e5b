//! What `db check` finds in a database beyond its schema version.

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What follows from it.
    pub verdict: Verdict,
    /// Object and column, such as `ciam.BillerUser.Email`.
    pub about: String,
    /// What was found, and what to do.
    pub text: String,
}

/// What follows from a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
pub enum Verdict {
    /// As it has to be.
    #[strum(serialize = "ok")]
    Ok,
    /// Runs work all the same.
    #[strum(serialize = "note")]
    Note,
    /// Somebody has to do what the text says.
    #[strum(serialize = "to do")]
    ToDo,
}

impl Finding {
    pub(super) fn ok(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, about, text)
    }

    pub(super) fn note(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Verdict::Note, about, text)
    }

    pub(super) fn to_do(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Verdict::ToDo, about, text)
    }

    fn new(verdict: Verdict, about: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            verdict,
            about: about.into(),
            text: text.into(),
        }
    }
}
