//! Reads variables, keeps a list of those it has read, and collects findings.

use std::collections::BTreeMap;

use super::environment::Environment;
use super::findings::Findings;

/// A variable the settings know. `docs/SETTINGS.md` is tested against these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) name: &'static str,
    /// The expected form, as a noun.
    pub(super) form: String,
    /// What an unset variable counts as.
    pub(super) default: Option<String>,
    /// Lower bound outside Development.
    pub(super) at_least: Option<String>,
}

impl Known {
    pub(super) fn new(name: &'static str, form: impl Into<String>) -> Self {
        Self {
            name,
            form: form.into(),
            default: None,
            at_least: None,
        }
    }

    pub(super) fn or(mut self, default: impl Into<String>) -> Self {
        self.default = Some(default.into());
        self
    }

    pub(super) fn at_least(mut self, least: impl Into<String>) -> Self {
        self.at_least = Some(least.into());
        self
    }

    fn expectation(&self) -> String {
        let least = self
            .at_least
            .as_ref()
            .map(|least| format!(", at least `{least}` (less only where AZURE_FUNCTIONS_ENVIRONMENT=Development)"));
        let default = self
            .default
            .as_ref()
            .filter(|default| !default.is_empty())
            .map(|default| format!("; default `{default}`"));
        let parts = [Some(self.form.clone()), least, default];
        parts.into_iter().flatten().collect()
    }
}

/// The beginning of a Key Vault reference, which the platform replaces by the secret.
const KEY_VAULT_REFERENCE: &str = "@microsoft.keyvault(";

/// One pass over the environment. [`super::forms`] adds methods for durations, numbers and other forms.
///
/// A wrong variable is a finding and counts as its default, so that reading goes on and all findings are collected.
pub(super) struct Reader<'e> {
    environment: &'e Environment,
    findings: Findings,
    known: Vec<Known>,
}

impl<'e> Reader<'e> {
    pub(super) fn new(environment: &'e Environment) -> Self {
        Self {
            environment,
            findings: Findings::default(),
            known: Vec::new(),
        }
    }

    pub(super) fn environment(&self) -> &'e Environment {
        self.environment
    }

    pub(super) fn is_development(&self) -> bool {
        self.environment.is_development()
    }

    pub(super) fn known(&self) -> &[Known] {
        &self.known
    }

    /// What the variables count as that were read after the first `position`.
    pub(super) fn values_since(&self, position: usize) -> BTreeMap<String, String> {
        let known = self.known.iter().skip(position);
        known
            .filter_map(|known| {
                let given = self.environment.get(known.name).map(str::to_owned);
                Some((known.name.to_owned(), given.or_else(|| known.default.clone())?))
            })
            .collect()
    }

    /// The findings, and every variable that was read.
    pub(super) fn finish(self) -> (Findings, Vec<Known>) {
        (self.findings, self.known)
    }

    /// Adds a variable to the list that is read elsewhere.
    pub(super) fn declare(&mut self, known: Known) {
        if self.environment.get(known.name).is_some_and(is_key_vault_reference) {
            let expected = "the secret itself: the platform did not resolve this Key Vault reference; check the app's \
                            identity (assigned, and the one the reference is resolved with), its access (the right to get \
                            secrets, the vault's network rules) and the secret's name and version";
            self.findings.add(known.name, expected);
        }
        self.known.push(known);
    }

    /// A variable that may be unset.
    pub(super) fn optional<T>(&mut self, known: Known, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let given = self.environment.get(known.name);
        let parsed = given.filter(|text| !is_key_vault_reference(text)).map(parse);
        if matches!(parsed, Some(None)) {
            self.findings.add(known.name, known.expectation());
        }
        self.declare(known);
        parsed.flatten()
    }

    /// A variable that must be set.
    pub(super) fn required<T>(&mut self, known: Known, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        if self.environment.get(known.name).is_none() {
            self.findings.add(known.name, known.expectation());
        }
        self.optional(known, parse)
    }

    /// Adds a finding about `variable` unless `holds`. Adds none if one of the `involved` variables has a finding,
    /// because then its default was compared.
    pub(super) fn require(
        &mut self,
        holds: bool,
        variable: &'static str,
        involved: &[&str],
        expected: impl FnOnce() -> String,
    ) {
        let reported = self.findings.names(variable) || involved.iter().any(|name| self.findings.names(name));
        if !holds && !reported {
            self.findings.add(variable, expected());
        }
    }

    /// Adds a finding that is not about the form of a known variable.
    pub(super) fn report(&mut self, variable: impl Into<String>, expected: impl Into<String>) {
        self.findings.add(variable.into(), expected.into());
    }
}

/// True for a reference that the platform could not resolve. It leaves the reference in place, which would count as the
/// value.
fn is_key_vault_reference(text: &str) -> bool {
    let start = text.get(..KEY_VAULT_REFERENCE.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(KEY_VAULT_REFERENCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<u8> {
        text.parse().ok()
    }

    #[test]
    fn a_finding_says_what_is_expected_and_not_what_was_found() {
        let environment = Environment::of([("N", "secret-ish")]);
        let mut reader = Reader::new(&environment);
        let known = Known::new("N", "a number").or("3").at_least("2");
        assert_eq!(reader.optional(known, number), None);
        let (findings, known) = reader.finish();
        assert_eq!(
            findings.to_string(),
            "N: expected a number, at least `2` (less only where AZURE_FUNCTIONS_ENVIRONMENT=Development); default `3`"
        );
        assert_eq!(known.len(), 1);
    }

    #[test]
    fn a_required_variable_that_is_unset_is_reported_once() {
        let environment = Environment::default();
        let mut reader = Reader::new(&environment);
        assert_eq!(reader.required(Known::new("N", "a number"), number), None);
        assert_eq!(reader.finish().0.iter().count(), 1);
    }

    #[test]
    fn a_contradiction_is_not_reported_on_top_of_a_wrong_value() {
        let environment = Environment::of([("A", "x")]);
        let mut reader = Reader::new(&environment);
        assert_eq!(reader.optional(Known::new("A", "a number"), number), None);
        reader.require(false, "B", &["A"], || "more than A".to_owned());
        reader.require(false, "C", &["B"], || "more than B".to_owned());
        let (findings, _) = reader.finish();
        assert!(findings.names("A") && findings.names("C") && !findings.names("B"));
    }
}
