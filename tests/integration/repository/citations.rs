//! Citations: a path with an anchor, such as `docs/requirements.md#f1`. Each resolves, and what the reference documents claim
//! says where it comes from and how certain it is.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::{Document, Section};
use super::files::{File, below};

const ROOTS: [&str; 28] = [
    ".ci",
    ".editorconfig",
    ".github",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.toml",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "azure.yaml",
    "benches",
    "build.rs",
    "clippy.toml",
    "deny.toml",
    "dev",
    "docs",
    "function-migrate-users",
    "function-onboard-biller",
    "function-health",
    "function-readiness",
    "function-recover-onboardings",
    "host.json",
    "infra",
    "local.settings.json.example",
    "scripts",
    "src",
    "tests",
    "typos.toml",
];

/// How a document outside the repository, or a paragraph of one, would be cited. The names are in parts, so that this file cites none.
const OUTSIDE: [&str; 6] = [
    concat!("design", ".md"),
    concat!("findings", ".md"),
    concat!("mission", ".md"),
    concat!("secureauth-api", "-2026"),
    concat!("functions-custom", "-handler"),
    "§",
];

/// With a number behind it, a paragraph of no document in particular. (Rows of the simulator are those of its own README.)
const NUMBERED: [&str; 3] = ["reference ", "section ", "seed "];

/// This file names what it looks for.
const SELF: &str = "tests/integration/repository/";

fn files() -> Vec<File> {
    let mut files = below(&ROOTS);
    files.retain(|file| !file.path.starts_with(SELF));
    files
}

fn documents(files: &[File]) -> BTreeMap<&str, Document> {
    let markdown = files.iter().filter(|file| file.is("md"));
    markdown
        .map(|file| (file.path.as_str(), Document::parse(&file.text)))
        .collect()
}

/// `path.md#anchor` wherever it stands, and in Markdown `](#anchor)` and `](path)` too.
fn citations(file: &File) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let is_markdown = file.is("md");
    for (line, number) in file.text.lines().zip(1..) {
        for (at, _) in line.match_indices(".md#") {
            let is_path = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
            let is_anchor = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            let start = line[..at].rfind(|c| !is_path(c)).map_or(0, |before| before + 1);
            let rest = &line[at + 4..];
            let end = rest.find(|c| !is_anchor(c)).unwrap_or(rest.len());
            found.push((number, format!("{}.md#{}", &line[start..at], &rest[..end])));
        }
        for rest in line.split("](").skip(1).filter(|_| is_markdown) {
            let target = rest.split(')').next().unwrap_or_default();
            let is_seen = target.contains(".md#") || target.contains("://") || target.starts_with("mailto:");
            if !is_seen {
                found.push((number, target.to_owned()));
            }
        }
    }
    found
}

/// Whether a citation leads somewhere: in Markdown from its own folder first, else from the root.
fn resolves(file: &File, target: &str, documents: &BTreeMap<&str, Document>, paths: &BTreeSet<String>) -> bool {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let candidates = if path.is_empty() {
        vec![file.path.clone()]
    } else {
        vec![normal(&format!("{folder}/{path}")), normal(path)]
    };
    candidates.iter().any(|path| {
        let has_anchor = |document: &Document| anchor.is_empty() || document.anchors.contains(anchor);
        match documents.get(path.as_str()) {
            Some(document) => has_anchor(document),
            None => {
                anchor.is_empty()
                    && paths
                        .iter()
                        .any(|known| known == path || known.starts_with(&format!("{path}/")))
            }
        }
    })
}

/// Without `.` and `..`.
fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn dangling(files: &[File], of: &File) -> Vec<String> {
    let documents = documents(files);
    let mut paths: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
    paths.insert("LICENSE".to_owned());
    citations(of)
        .into_iter()
        .filter(|(_, target)| !resolves(of, target, &documents, &paths))
        .map(|(line, target)| format!("{}:{line}: {target}", of.path))
        .collect()
}

#[test]
fn every_citation_resolves() {
    let files = files();
    let wrong: Vec<String> = files.iter().flat_map(|file| dangling(&files, file)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let cited = files.iter().map(|file| citations(file).len()).sum::<usize>();
    assert!(cited > 100, "citations are no longer recognized: {cited}");
}

/// A line for people: any line of Markdown, and a comment of code.
fn is_prose(file: &File, line: &str) -> bool {
    let comment = match file.path.rsplit('.').next().unwrap_or_default() {
        "md" => "",
        "rs" => "//",
        "sql" => "--",
        _ => "#",
    };
    line.trim_start().starts_with(comment)
}

/// A section of an RFC is one of a public standard.
fn is_numbered(line: &str, word: &str) -> bool {
    let line = line.to_lowercase();
    let mut behind = line.split(word).skip(1);
    !line.contains("rfc ") && behind.any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[test]
fn nothing_points_to_a_document_outside_the_repository() {
    let mut wrong = Vec::new();
    for file in files() {
        for (line, number) in file.text.lines().zip(1..) {
            let numbered = || is_prose(&file, line) && NUMBERED.iter().any(|word| is_numbered(line, word));
            if OUTSIDE.iter().any(|words| line.contains(words)) || numbered() {
                wrong.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_section_of_a_reference_document_holds_a_claim_with_source_and_certainty() {
    let files = files();
    let references = files.iter().filter(|file| file.path.starts_with("docs/reference/"));
    let mut wrong = Vec::new();
    for file in references {
        let document = Document::parse(&file.text);
        let assumptions = document.assumptions();
        for section in &document.sections {
            for fault in faults(section, &assumptions) {
                wrong.push(format!("{}#{}: {fault}", file.path, section.anchor));
            }
        }
        for unused in assumptions.difference(&document.assumed()) {
            wrong.push(format!("{}: no claim rests on {unused}", file.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn faults(section: &Section, assumptions: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    if section.claims.is_empty() && !section.is_assumptions() {
        faults.push("no claim".to_owned());
    }
    for claim in &section.claims {
        let is_certain = match claim.certainty.strip_prefix("assumed ") {
            Some(ids) => ids.split(", ").all(|id| assumptions.contains(id)),
            None => ["documented", "vendor code", "measured"].contains(&claim.certainty.as_str()),
        };
        if claim.text.is_empty() || claim.source.is_empty() || !is_certain {
            faults.push(format!("{} | {} | {}", claim.text, claim.source, claim.certainty));
        }
    }
    faults
}

#[test]
fn a_citation_that_leads_nowhere_and_a_claim_without_certainty_are_found() {
    let file = |path: &str, text: &str| File {
        path: path.into(),
        text: text.into(),
    };
    let files = [
        file("docs/a.md", "# A\n## One fact\n[b](b.md#two)\n[c](c.md)\n"),
        file("docs/b.md", "# B\n<a id=\"two\"></a>\n"),
        file("src/x.rs", "// docs/a.md#one-fact, docs/a.md#another, docs/c.md#one\n"),
    ];
    let found: Vec<String> = files.iter().flat_map(|of| dangling(&files, of)).collect();
    assert_eq!(
        found,
        [
            "docs/a.md:4: c.md",
            "src/x.rs:1: docs/a.md#another",
            "src/x.rs:1: docs/c.md#one"
        ]
    );
    let claims =
        "# R\n## Fact\n| claim | source | certainty |\n| --- | --- | --- |\n| it is so | | surely |\n## Empty\n";
    let reference = Document::parse(claims);
    let faults: Vec<String> = reference
        .sections
        .iter()
        .flat_map(|section| faults(section, &BTreeSet::new()))
        .collect();
    assert_eq!(faults, ["it is so |  | surely", "no claim"]);
}
