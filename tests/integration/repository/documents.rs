//! A Markdown document: its anchors, its sections, and the claims of a reference document.

use std::collections::BTreeSet;

/// What a document offers to citations.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Of its headings, as GitHub makes them, and of `<a id="…">`.
    pub(super) anchors: BTreeSet<String>,
    /// Below the title, in their order.
    pub(super) sections: Vec<Section>,
}

/// From one heading to the next of any level.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) anchor: String,
    /// Rows of its tables with the columns claim, source and certainty.
    pub(super) claims: Vec<Claim>,
    /// Ids of the rows with an anchor of their own.
    row_ids: Vec<String>,
}

/// A row of a reference document.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) text: String,
    pub(super) source: String,
    pub(super) certainty: String,
}

impl Section {
    pub(super) fn is_assumptions(&self) -> bool {
        self.anchor == "assumptions"
    }
}

impl Document {
    pub(super) fn parse(text: &str) -> Self {
        let mut document = Self::default();
        let (mut in_code, mut in_claims) = (false, false);
        for line in text.lines() {
            if line.trim_start().starts_with("```") {
                in_code = !in_code;
            }
            if in_code {
                continue;
            }
            for rest in line.split("<a id=\"").skip(1) {
                let id = rest.split('"').next().unwrap_or_default();
                document.anchors.insert(id.to_owned());
                if let Some(section) = document.sections.last_mut() {
                    section.row_ids.push(id.to_uppercase());
                }
            }
            if line.starts_with('#') {
                document.heading(line);
            }
            in_claims = line.starts_with('|') && (in_claims || line.starts_with("| claim | source | certainty |"));
            if in_claims {
                document.claim(line);
            }
        }
        document
    }

    fn heading(&mut self, line: &str) {
        let title = line.trim_start_matches('#');
        let slug = slug(title);
        let repeated = self
            .anchors
            .iter()
            .filter(|anchor| anchor.rsplit_once('-').is_some_and(|(stem, _)| stem == slug));
        let anchor = match (self.anchors.contains(&slug), repeated.count()) {
            (true, earlier) => format!("{slug}-{}", earlier + 1),
            (false, _) => slug,
        };
        self.anchors.insert(anchor.clone());
        if line.starts_with("##") {
            self.sections.push(Section {
                anchor,
                ..Section::default()
            });
        }
    }

    fn claim(&mut self, line: &str) {
        let line = line.replace("\\|", "¦");
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (Some(section), ["", text, source, certainty, ""]) = (self.sections.last_mut(), cells.as_slice()) else {
            panic!("not a row of three cells below a heading: {line}");
        };
        if *text != "claim" && !text.starts_with("---") {
            section.claims.push(Claim {
                text: (*text).to_owned(),
                source: (*source).to_owned(),
                certainty: (*certainty).to_owned(),
            });
        }
    }

    /// The numbers of its assumptions.
    pub(super) fn assumptions(&self) -> BTreeSet<String> {
        let sections = self.sections.iter().filter(|section| section.is_assumptions());
        sections.flat_map(|section| section.row_ids.iter().cloned()).collect()
    }

    /// The numbers that its claims rest on.
    pub(super) fn assumed(&self) -> BTreeSet<String> {
        let claims = self.sections.iter().flat_map(|section| &section.claims);
        claims
            .filter_map(|claim| claim.certainty.strip_prefix("assumed "))
            .flat_map(|ids| ids.split(", ").map(str::to_owned))
            .collect()
    }
}

/// The anchor GitHub makes of a heading.
fn slug(title: &str) -> String {
    let kept = title.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}
