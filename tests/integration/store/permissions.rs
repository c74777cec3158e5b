//! `infra/sql/sql_server/permissions.sql` compared with the statements in the handler's source.

use std::collections::BTreeSet;
use std::path::Path;

const PERMISSIONS: &str = include_str!("../../../infra/sql/sql_server/permissions.sql");

/// A right: what may be done, and to which object of schema `ciam`.
type Right = (String, String);

fn right(verb: &str, object: &str) -> Right {
    (verb.to_owned(), object.to_owned())
}

/// The words of a text. A name with its schema is one word.
fn words(text: &str) -> Vec<&str> {
    text.split(|sign: char| !(sign.is_ascii_alphanumeric() || "_.:@".contains(sign)))
        .filter(|word| !word.is_empty())
        .collect()
}

fn object(word: &str) -> Option<&str> {
    word.strip_prefix("ciam.")
}

/// The rights that the statements of one source file need, besides reading.
fn needed(source: &str) -> BTreeSet<Right> {
    let words = words(source);
    let mut rights = BTreeSet::new();
    for (place, three) in words.windows(3).enumerate() {
        match *three {
            ["INSERT", "INTO", name] => rights.extend(object(name).map(|name| right("INSERT", name))),
            ["UPDATE", name, "SET"] => {
                let name = object(name).unwrap_or_else(|| aliased(&words[place..], name));
                rights.insert(right("UPDATE", name));
            }
            ["UPDATE", "TOP", _] => {
                let name = words.get(place + 3).map(|alias| aliased(&words[place..], alias));
                rights.extend(name.map(|name| right("UPDATE", name)));
            }
            ["DELETE", alias, _] => {
                let from = words[place..].windows(2).find(|two| two[0] == "FROM");
                let table = from.and_then(|two| object(two[1]));
                let name = table.unwrap_or_else(|| aliased(&words[place..], alias));
                rights.insert(right("DELETE", name));
            }
            ["EXEC", name, _] => rights.extend(object(name).map(|name| right("EXECUTE", name))),
            _ => {}
        }
    }
    rights
}

/// The table with this alias in the statement that begins here.
fn aliased<'w>(words: &[&'w str], alias: &str) -> &'w str {
    let named = words.windows(3).find(|three| three[1] == "AS" && three[2] == alias);
    named
        .and_then(|three| object(three[0]))
        .expect("an alias stands for a table of ciam")
}

fn granted(role: &str) -> BTreeSet<Right> {
    let to = format!(" TO {role};");
    let grants = PERMISSIONS
        .lines()
        .filter_map(|line| line.strip_prefix("GRANT ")?.strip_suffix(&to));
    grants
        .flat_map(|grant| {
            let (verbs, on) = grant.split_once(" ON ").expect("says on what");
            let name = words(on)[0].trim_start_matches("OBJECT::ciam.");
            verbs.split(", ").map(|verb| right(verb, name)).collect::<Vec<_>>()
        })
        .collect()
}

/// What the statements of the source files need whose names this takes.
fn needed_by(takes: impl Fn(&str) -> bool) -> BTreeSet<Right> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sql_server");
    let mut rights = BTreeSet::from([right("SELECT", "SCHEMA::ciam")]);
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        if file.path().is_file() && takes(&file.file_name().to_string_lossy()) {
            rights.extend(needed(&std::fs::read_to_string(file.path()).unwrap()));
        }
    }
    rights
}

#[test]
fn the_role_may_do_exactly_what_the_handler_does() {
    assert_eq!(granted("ciam_onboarding"), needed_by(|file| file != "purge.rs"));
}

#[test]
fn only_the_role_of_retention_may_do_what_purge_does() {
    assert_eq!(granted("ciam_retention"), needed_by(|file| file == "purge.rs"));
    let journal = right("DELETE", "OnboardingJournal");
    assert!(!granted("ciam_onboarding").contains(&journal));
}

#[test]
fn a_statement_is_recognised_with_and_without_an_alias() {
    let source =
        "UPDATE l SET A = 1 \\\n FROM ciam.Ledger AS l; INSERT INTO ciam.Log (A) VALUES (1); EXEC ciam.Tell @A = 1; \
        UPDATE ciam.Run SET {set}; /// an `UPDATE` of the run
        DELETE a FROM OPENJSON(@P1) AS n JOIN ciam.Account AS a; DELETE TOP (9) FROM ciam.Before;";
    let expected = [
        ("DELETE", "Account"),
        ("DELETE", "Before"),
        ("EXECUTE", "Tell"),
        ("INSERT", "Log"),
        ("UPDATE", "Ledger"),
        ("UPDATE", "Run"),
    ];
    assert_eq!(needed(source), expected.map(|(verb, name)| right(verb, name)).into());
}
