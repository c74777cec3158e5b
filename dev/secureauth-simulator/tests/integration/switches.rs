//! The switches as people find them: `--help`, `GET /admin` and README.md say the same.

use std::collections::BTreeSet;

use secureauth_simulator::Switches;
use serde_json::json;

use crate::program::program;
use crate::readme::{quoted, table};
use crate::support::Tenant;

/// Row, name and default of every switch.
type Listed = BTreeSet<(String, String, String)>;

fn listed() -> Listed {
    let switches = Switches::default().list().into_iter();
    switches
        .map(|switch| (switch.row.to_string(), switch.name, switch.default))
        .collect()
}

/// `  name=default  [values] row 7`
fn parsed(line: &str) -> Option<(String, String, String)> {
    let (setting, rest) = line.strip_prefix("  ")?.split_once("  [")?;
    let (name, default) = setting.split_once('=')?;
    let (_, row) = rest.rsplit_once("] row ")?;
    Some((row.to_owned(), name.to_owned(), default.to_owned()))
}

#[test]
fn help_lists_every_switch_with_its_default_and_row() {
    for argument in ["--help", "-h"] {
        let output = program().arg(argument).output().expect("it runs");
        let help = String::from_utf8(output.stdout).expect("text");
        assert_eq!(help.lines().filter_map(parsed).collect::<Listed>(), listed());
    }
}

#[tokio::test]
async fn admin_lists_every_switch_with_its_default_row_and_value() {
    let tenant = Tenant::with(&[("failing-import", "prefix")]).await;
    let answer = tenant.get("/admin").await.expect(200).at("/switches");
    let text = |switch: &serde_json::Value, member: &str| match &switch[member] {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let shown = answer.as_array().expect("a list");
    let found: Listed = shown
        .iter()
        .map(|it| (text(it, "row"), text(it, "name"), text(it, "default")))
        .collect();
    assert_eq!(found, listed());
    for switch in shown {
        let changed = switch["name"] == "failing-import";
        assert_eq!(switch["value"] == switch["default"], !changed, "{switch}");
    }
    assert_eq!(tenant.get("/admin/switches").await.expect(200).json(), json!(shown));
}

#[test]
fn the_readme_names_every_switch_in_its_row() {
    let table = table();
    let in_rows = table
        .iter()
        .flat_map(|line| quoted(&line[2]).map(|switch| (line[0].clone(), switch.to_owned())));
    let expected = listed().into_iter().map(|(row, name, _)| (row, name));
    let (of_no_row, of_rows): (Vec<_>, Vec<_>) = expected.partition(|(row, _)| row == "0");
    assert_eq!(in_rows.collect::<BTreeSet<_>>(), of_rows.into_iter().collect());
    let readme = crate::readme::text();
    for (_, name) in of_no_row {
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
}
