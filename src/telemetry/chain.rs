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

    #[derive(Debug, thiserror::Error)]
    #[error("the database is not available")]
    struct Unavailable(#[source] std::io::Error);

    #[test]
    fn every_cause_is_shown() {
        let error = Unavailable(std::io::Error::other("disk is full"));
        assert_eq!(chain(&error).to_string(), "the database is not available: disk is full");
    }
}
