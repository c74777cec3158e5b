//! Strings of other libraries, which are often pasted by mistake.

use super::Expected;

const EXAMPLE: &str = "`Server=tcp:host,1433;Database=crm;User ID=app;Password=…`";

/// Strings that begin like this, in lower case, are in the form of something else.
const OTHERS: [(&str, &str); 5] = [
    ("jdbc:", "one of JDBC"),
    ("driver=", "one of ODBC"),
    ("dsn=", "one of ODBC"),
    ("provider=", "one of OLE DB"),
    ("metadata=", "one of Entity Framework"),
];

pub(super) fn refuse_other_forms(text: &str) -> Result<(), Expected> {
    let start: String = text.chars().filter(|sign| !sign.is_whitespace()).take(40).collect();
    let start = start.to_lowercase();
    let other = OTHERS.iter().find(|(beginning, _)| start.starts_with(beginning));
    let is_url = || start.split(['=', ';']).next().is_some_and(|word| word.contains("://"));
    match other {
        Some((_, name)) => Err(format!(", not {name}: {EXAMPLE}")),
        None if is_url() => Err(format!(", not a URL: {EXAMPLE}")),
        None => Ok(()),
    }
}

/// The finding about a keyword that only strings of ODBC or OLE DB have, wherever it stands.
pub(super) fn of_another_library(name: &str) -> Expected {
    format!(", not {name}: {EXAMPLE}")
}
