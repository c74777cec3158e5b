//! Findings: what is wrong with the settings, reported all at once.

use std::borrow::Cow;
use std::fmt;

/// One setting that is missing or not usable. It never holds the value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The variable to set or to change.
    pub variable: Cow<'static, str>,
    /// What is expected there, as a noun: `a duration such as …`.
    pub expected: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: expected {}", self.variable, self.expected)
    }
}

/// Every finding, in the order of the settings; displayed one per line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The findings in the order of the settings.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// True if the settings are usable.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if a finding is about this variable.
    pub fn names(&self, variable: &str) -> bool {
        self.0.iter().any(|finding| finding.variable == variable)
    }

    pub(super) fn add(&mut self, variable: impl Into<Cow<'static, str>>, expected: impl Into<String>) {
        self.0.push(Finding {
            variable: variable.into(),
            expected: expected.into(),
        });
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            finding.fmt(formatter)?;
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_one_line_each() {
        let mut findings = Findings::default();
        findings.add("LEASE", "a duration such as `3m`");
        findings.add("DATABASE", "`sqlserver`");
        assert_eq!(
            findings.to_string(),
            "LEASE: expected a duration such as `3m`\nDATABASE: expected `sqlserver`"
        );
        assert!(findings.names("LEASE") && !findings.names("SLICE_SECONDS"));
    }
}
