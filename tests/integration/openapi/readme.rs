//! The README's tables of the HTTP API against the document.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Document;

const README: &str = include_str!("../../../README.md");

/// The cells of each row of the table with this first line.
fn rows(first: &str) -> Vec<Vec<&'static str>> {
    let table = README.split_once(first).unwrap_or_else(|| panic!("no table {first}")).1;
    let lines = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    lines
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// What stands in backticks.
fn named(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_readme_has_every_status_with_its_codes_and_no_other() {
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows("| status | code | when |") {
        told.entry(row[0].to_owned()).or_default().extend(named(row[1]));
    }
    assert_eq!(told, Document::read().codes_by_status());
}

#[test]
fn the_readme_has_every_member_of_request_and_answers_and_no_other() {
    let document = Document::read();
    let members = |schema: &str| -> BTreeSet<String> {
        let members = document.schemas()[schema]["properties"].as_object();
        members.expect("has members").keys().cloned().collect()
    };
    for (first, schema) in [
        ("| member of the POST body | |", "ToggleEvent"),
        ("| member of the answer to POST | |", "Accepted"),
        ("| member of the answer to GET | |", "Status"),
        ("| member of `onboarding` | |", "Run"),
    ] {
        let told: BTreeSet<String> = rows(first).into_iter().flat_map(|row| named(row[0])).collect();
        assert_eq!(told, members(schema), "{schema}");
    }
    for (member, schema) in [("progress", "Progress"), ("firstCause", "Failure"), ("issues", "Issue")] {
        let rows = rows("| member of `onboarding` | |");
        let row = rows.into_iter().find(|row| named(row[0]).contains(member));
        let list = row.expect("is there")[1].split(['{', '}']).nth(1).expect("has a list");
        let told: BTreeSet<String> = list.split(", ").map(str::to_owned).collect();
        assert_eq!(told, members(schema), "{schema}");
    }
}
