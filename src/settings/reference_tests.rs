//! `docs/SETTINGS.md` and `local.settings.json.example` compared with the variables that the settings read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

const REFERENCE: &str = include_str!("../../docs/SETTINGS.md");
const EXAMPLE: &str = include_str!("../../local.settings.json.example");

/// Variables of the example that only the host reads.
const HOST_ONLY: [&str; 2] = ["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"];

/// Default and lower bound of each variable, as `docs/SETTINGS.md` has them.
fn documented() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    let rows = REFERENCE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        assert_eq!(cells.len(), 7, "{row}");
        (cells[1], (cells[4], cells[5]))
    })
    .collect()
}

fn known() -> Vec<Known> {
    Settings::read_all(&Environment::default()).1
}

fn example() -> Vec<(String, String)> {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let values = example["Values"].as_object().unwrap();
    values
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn the_reference_has_every_setting_and_no_other() {
    let documented: BTreeSet<&str> = documented().into_keys().collect();
    let known: BTreeSet<&str> = known().iter().map(|known| known.name).collect();
    assert_eq!(documented, known);
}

#[test]
fn the_reference_has_the_defaults_and_lower_bounds_of_the_code() {
    let documented = documented();
    for known in known() {
        let (default, least) = documented[known.name];
        match known.default.as_deref() {
            None => {
                let words = ["required", "optional", "from the vault", "from the host"];
                assert!(words.contains(&default), "{}: {default}", known.name);
            }
            Some("") => assert_eq!(default, "empty", "{}", known.name),
            Some(text) => assert_eq!(default, text, "{}", known.name),
        }
        assert_eq!(least, known.at_least.as_deref().unwrap_or_default(), "{}", known.name);
    }
}

#[test]
fn what_has_no_default_is_documented_as_such() {
    let findings = Settings::read(&Environment::default()).unwrap_err();
    for (name, (default, _)) in documented() {
        let is_needed = matches!(default, "required" | "from the vault") && name != "SQLSERVER_CONNECTION_STRING";
        assert_eq!(findings.names(name), is_needed, "{name}");
    }
}

#[test]
#[cfg(feature = "sqlite")]
fn the_example_is_a_complete_set_for_development() {
    let settings = Settings::read(&Environment::of(example())).unwrap_or_else(|findings| panic!("{findings}"));
    assert!(settings.is_development);
}

#[test]
fn the_example_has_known_variables_only() {
    let known = known();
    for (name, _) in example() {
        let is_known = known.iter().any(|known| known.name == name) || HOST_ONLY.contains(&name.as_str());
        assert!(is_known, "{name}");
    }
}
