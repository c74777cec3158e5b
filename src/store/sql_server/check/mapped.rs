//! Compares the columns of the DBA's views, and the parameters of the procedure, with what the handler's statements need. No I/O.

use crate::store::check::Finding;

/// A column of a view, or a parameter of the procedure, as the catalog has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapped {
    pub(super) name: String,
    /// The base type, such as `nvarchar`.
    pub(super) type_name: String,
    pub(super) is_nullable: bool,
}

/// What a column has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Compared with the biller's id: text without padding.
    BillerId,
    /// `UNIQUEIDENTIFIER`.
    Guid,
    /// Any text, padded or not.
    Text,
}

/// A view that the handler reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) name: &'static str,
    columns: &'static [(&'static str, Need)],
}

pub(super) const VIEWS: [View; 2] = [
    View {
        name: "ciam.Biller",
        columns: &[("BillerId", Need::BillerId), ("BillerName", Need::Text)],
    },
    View {
        name: "ciam.BillerUser",
        columns: &[
            ("BillerId", Need::BillerId),
            ("UserGuid", Need::Guid),
            ("UserName", Need::Text),
            ("FirstName", Need::Text),
            ("LastName", Need::Text),
            ("Email", Need::Text),
            ("Status", Need::Text),
        ],
    },
];

pub(super) const PROCEDURE: &str = "ciam.RecordCiamStatus";

/// The procedure's parameters, and the types that take what the handler passes.
const PARAMETERS: [(&str, &[&str]); 5] = [
    ("@BillerId", &["nvarchar", "varchar"]),
    ("@CiamStatus", &["nvarchar", "varchar"]),
    ("@ActivationDate", &["datetime2", "datetimeoffset", "datetime"]),
    ("@ToggleOn", &["bit", "tinyint", "smallint", "int"]),
    ("@OnboardingId", &["uniqueidentifier"]),
];

const TEXTS: [&str; 4] = ["nvarchar", "varchar", "nchar", "char"];

fn find<'m>(all: &'m [Mapped], name: &str) -> Option<&'m Mapped> {
    all.iter().find(|mapped| mapped.name.eq_ignore_ascii_case(name))
}

/// The view's columns; without any there is no view, or the log-in does not see it.
pub(super) fn view(view: View, found: &[Mapped]) -> Vec<Finding> {
    if found.is_empty() {
        let text = "there is no such view, or this log-in may not see it: create it (sample_crm.sql shows how), then grant SELECT";
        return vec![Finding::to_do(view.name, text)];
    }
    let faults: Vec<Finding> = view
        .columns
        .iter()
        .filter_map(|(name, need)| column(&format!("{}.{name}", view.name), *need, find(found, name)))
        .collect();
    if faults.is_empty() {
        let names: Vec<_> = view.columns.iter().map(|(name, _)| *name).collect();
        return vec![Finding::ok(view.name, format!("has {}", names.join(", ")))];
    }
    faults
}

fn column(about: &str, need: Need, found: Option<&Mapped>) -> Option<Finding> {
    let Some(found) = found else {
        return Some(Finding::to_do(about, "the view has no such column: add it"));
    };
    let type_name = found.type_name.to_lowercase();
    let shown = type_name.to_uppercase();
    match need {
        Need::Guid if type_name != "uniqueidentifier" => Some(Finding::to_do(
            about,
            format!(
                "is {shown}, not UNIQUEIDENTIFIER: let the view pass on a UNIQUEIDENTIFIER column, or a persisted computed one \
                 (sample_crm_other_keys.sql)"
            ),
        )),
        Need::Guid if found.is_nullable => Some(Finding::note(
            about,
            "may be NULL; such rows are data errors of the run",
        )),
        Need::BillerId if matches!(type_name.as_str(), "char" | "nchar") => Some(Finding::to_do(
            about,
            format!(
                "is {shown}, so ids are padded with blanks and the biller is not found: let the view pass on a persisted computed \
                 column with RTRIM (sample_crm_other_keys.sql)"
            ),
        )),
        Need::BillerId if !TEXTS.contains(&type_name.as_str()) => Some(Finding::to_do(
            about,
            format!(
                "is {shown}, not VARCHAR or NVARCHAR: let the view pass on a persisted computed column with the id as VARCHAR \
                 (sample_crm_other_keys.sql)"
            ),
        )),
        Need::Text if !TEXTS.contains(&type_name.as_str()) => Some(Finding::to_do(
            about,
            format!(
                "is {shown}, not VARCHAR, NVARCHAR, CHAR or NCHAR: let the view convert it, for example CONVERT(NVARCHAR(400), …)"
            ),
        )),
        Need::Guid | Need::BillerId | Need::Text => None,
    }
}

pub(super) fn procedure(exists: bool, found: &[Mapped]) -> Vec<Finding> {
    if !exists {
        let text = "there is no such procedure, or this log-in may not see it: create it (sample_crm.sql shows how), then grant EXECUTE";
        return vec![Finding::to_do(PROCEDURE, text)];
    }
    let mut findings = Vec::new();
    for (name, types) in PARAMETERS {
        let about = format!("{PROCEDURE} {name}");
        match find(found, name) {
            None => findings.push(Finding::to_do(about, "the procedure has no such parameter: add it")),
            Some(parameter) if !types.contains(&parameter.type_name.to_lowercase().as_str()) => {
                let (is, first) = (
                    parameter.type_name.to_uppercase(),
                    types.first().copied().unwrap_or_default(),
                );
                let text = format!("is {is}: declare it as {}", first.to_uppercase());
                findings.push(Finding::to_do(about, text));
            }
            Some(_) => {}
        }
    }
    for parameter in found {
        if !PARAMETERS
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(&parameter.name))
        {
            let about = format!("{PROCEDURE} {}", parameter.name);
            findings.push(Finding::note(
                about,
                "the handler does not pass it, so it needs a default value",
            ));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(PROCEDURE, "has the five parameters"));
    }
    findings
}

#[cfg(test)]
#[path = "mapped_tests.rs"]
mod tests;
