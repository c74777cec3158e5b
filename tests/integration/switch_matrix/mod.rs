//! The handler against every value of every switch of the simulator, so against every other answer that an assumption about SecureAuth
//! may get (dev/secureauth-simulator/README.md#rows). The table in `expected.txt` says how each event ends.

mod branches;
mod cannot;
mod cases;
mod course;

use std::collections::BTreeMap;

use secureauth_simulator::Switches;

use crate::fault_matrix::in_lanes;
use crate::support::calls_of;
use cannot::{CANNOT_MEET, NEVER_CALLED};
use cases::{Case, Setup};

const EXPECTED: &str = include_str!("expected.txt");

/// Runs the cases of a setup. The lines by label, and the operations of the list that were called.
async fn lines(setup: Setup) -> (Vec<(String, String)>, Vec<&'static str>) {
    let numbered = cases::all().into_iter().enumerate();
    let cases: Vec<(usize, Case)> = numbered.filter(|(_, case)| case.setup == setup).collect();
    let shares = in_lanes(setup.options(), cases, |stack, share: Vec<(usize, Case)>| async move {
        let mut answers = Vec::new();
        for (number, case) in share {
            let line = course::run(&stack, &case, number).await;
            let line = line.unwrap_or_else(|error| format!("error: {error}"));
            println!("{}: {line}", case.label());
            answers.push((case.label(), line));
        }
        let called = NEVER_CALLED.into_iter().filter(|it| !calls_of(&stack, it).is_empty());
        vec![(answers, called.collect::<Vec<_>>())]
    })
    .await;
    let (lines, called): (Vec<_>, Vec<_>) = shares.into_iter().unzip();
    (
        lines.into_iter().flatten().collect(),
        called.into_iter().flatten().collect(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_of_every_switch_ends_as_the_table_says() {
    let mut found = BTreeMap::new();
    for setup in Setup::ALL {
        let (lines, called) = lines(setup).await;
        assert_eq!(called, [""; 0]);
        found.extend(lines);
    }
    let order: Vec<String> = cases::all().iter().map(Case::label).collect();
    let line = |label: String| format!("{label}: {}\n", found.get(&label).map_or("", String::as_str));
    let table: String = order.into_iter().map(line).collect();
    println!("{table}");
    let differs: Vec<String> = differences(EXPECTED, &table);
    assert!(differs.is_empty(), "{}", differs.join("\n"));
}

/// Lines that only one of the two texts has.
fn differences(expected: &str, found: &str) -> Vec<String> {
    let missing = expected.lines().filter(|line| !found.lines().any(|it| it == *line));
    let missing = missing.map(|line| format!("- {line}"));
    let added = found.lines().filter(|line| !expected.lines().any(|it| it == *line));
    missing.chain(added.map(|line| format!("+ {line}"))).collect()
}

#[test]
fn every_value_of_every_switch_is_in_the_table_or_cannot_be_met_for_a_reason() {
    let labels: Vec<String> = cases::all().iter().map(Case::label).collect();
    let rows: Vec<&str> = EXPECTED
        .lines()
        .filter_map(|line| line.split_once(": ").map(|(label, _)| label))
        .collect();
    assert_eq!(rows, labels);
    let switches = Switches::default().list();
    for (name, reason) in CANNOT_MEET {
        assert!(
            switches.iter().any(|switch| switch.name == name),
            "there is no switch {name}"
        );
        assert!(reason.split(' ').count() >= 4, "{name}: {reason:?} is no reason");
    }
}
