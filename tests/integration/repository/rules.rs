//! The stand-ins' code cites rules of the README beside it by their numbers alone, such as `S16` or `rows 40 to 46`. Each
//! number has an anchor there.

use std::collections::BTreeSet;

use super::documents::Document;
use super::files::{self, File};

/// A folder, how its code begins a citation, and how its README begins an anchor.
const RULES: [(&str, &[&str], &str); 2] = [
    ("dev/functions-host", &["S"], "s"),
    ("dev/secureauth-simulator", &["row ", "rows ", "Row ", "Rows "], "row-"),
];

/// The numbers in `16`, `40 to 46`, `S4–S9` or `15, 78 and 79`, and what is left of the text.
fn numbers<'t>(mut text: &'t str, prefix: &str) -> (BTreeSet<u32>, &'t str) {
    let mut numbers = BTreeSet::new();
    let mut from: Option<u32> = None;
    loop {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, rest) = text.split_at(digits);
        let Ok(number) = number.parse::<u32>() else {
            return (numbers, text);
        };
        numbers.extend(from.unwrap_or(number)..=number);
        text = rest;
        let ranges = [" to ", "–"];
        let joint = [" to ", "–", ", ", " and "].into_iter().find(|joint| {
            let next = rest.strip_prefix(joint).unwrap_or_default();
            let next = next.strip_prefix(prefix).unwrap_or_default();
            next.starts_with(|c: char| c.is_ascii_digit())
        });
        let Some(joint) = joint else {
            return (numbers, text);
        };
        from = ranges.contains(&joint).then_some(number);
        text = &rest[joint.len() + prefix.len()..];
    }
}

/// The numbers that a line cites. `word` begins a citation; each further number has the word again if the word has no blank.
fn cited(line: &str, word: &str) -> BTreeSet<u32> {
    let prefix = if word.ends_with(' ') { "" } else { word };
    let mut cited = BTreeSet::new();
    let mut rest = line;
    while let Some(at) = rest.find(word) {
        let is_word = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let (found, behind) = numbers(&rest[at + word.len()..], prefix);
        // `S3CRET` is a name.
        if is_word && !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            cited.extend(found);
        }
        rest = behind;
    }
    cited
}

fn dangling(file: &File, words: &[&str], known: &BTreeSet<u32>) -> Vec<String> {
    let mut dangling = Vec::new();
    for (line, number) in file.text.lines().zip(1..) {
        let cited = words.iter().flat_map(|word| cited(line, word));
        let unknown = cited.filter(|rule| !known.contains(rule));
        dangling.extend(unknown.map(|rule| format!("{}:{number}: there is no rule {rule}", file.path)));
    }
    dangling
}

#[test]
fn rules_that_the_stand_ins_cite_by_number_are_in_their_readmes() {
    for (folder, words, anchor) in RULES {
        let readme = Document::parse(&files::text(&format!("{folder}/README.md")));
        let of_rule = |id: &String| id.strip_prefix(anchor)?.parse().ok();
        let known: BTreeSet<u32> = readme.anchors.iter().filter_map(of_rule).collect();
        let code = files::below(&[folder]);
        let code = || code.iter().filter(|file| file.is("rs"));
        let wrong: Vec<String> = code().flat_map(|file| dangling(file, words, &known)).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let lines = code().flat_map(|file| file.text.lines());
        let count = lines
            .flat_map(|line| words.iter().flat_map(|word| cited(line, word)))
            .count();
        assert!(count > 50, "{folder}: citations are no longer recognized: {count}");
    }
}

#[test]
fn a_citation_may_name_several_rules_and_ranges_of_them() {
    let all = |line, word| cited(line, word).into_iter().collect::<Vec<_>>();
    assert_eq!(all("reads an answer (S20–S22, S25).", "S"), [20, 21, 22, 25]);
    assert_eq!(
        all("one user (rows 62 to 64, 68 and 73).", "rows "),
        [62, 63, 64, 68, 73]
    );
    assert_eq!(all("row 5; another row 7.", "row "), [5, 7]);
    assert!(cited("S3CRET, TLS13", "S").is_empty() && cited("arrows 5, row by row", "row ").is_empty());
    let file = File {
        path: "dev/x.rs".into(),
        text: "// S1, S2\n".into(),
    };
    assert_eq!(
        dangling(&file, &["S"], &BTreeSet::from([1])),
        ["dev/x.rs:1: there is no rule 2"]
    );
}
