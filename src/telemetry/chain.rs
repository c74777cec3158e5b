//! Writes an error and its causes in one line, for logs.

use std::error::Error;
use std::fmt;

/// Shows an error and every cause behind it, separated by `: `.
pub fn chain(error: &dyn Error) -> impl fmt::Display + '_ {
    Chain(error)
}

struct Chain<'a>(&'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::chain;
    use crate::store::StoreError;

    #[test]
    fn every_cause_is_shown() {
        let error = StoreError::Unavailable {
            action: "look",
            source: "disk is full".into(),
        };
        let shown = chain(&error).to_string();
        assert_eq!(
            shown,
            "the database is not available while trying to look: disk is full"
        );
    }
}
