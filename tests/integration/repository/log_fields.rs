//! docs/LOGGING.md names every field of a log line, and no other.

use std::collections::BTreeSet;

use super::files::{self, File};

const MACROS: [&str; 5] = ["error!(", "warn!(", "info!(", "debug!(", "info_span!("];

/// Without comments and the tests at a file's end.
fn production(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The arguments of the call whose opening bracket ends right before `text`.
fn arguments(text: &str) -> Vec<String> {
    let mut arguments = vec![String::new()];
    let (mut depth, mut in_text, mut is_escaped) = (0_u32, false, false);
    for c in text.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_text => is_escaped = true,
            '"' => in_text = !in_text,
            _ if in_text => {}
            ')' if depth == 0 => break,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        arguments.last_mut().unwrap().push(c);
    }
    arguments
}

/// `name = value`, `%name`, `?name` or `name`; a text is the message or a span's name.
fn field(argument: &str) -> Option<String> {
    let name = argument.split('=').next()?.trim().trim_start_matches(['%', '?']);
    (!name.is_empty() && !name.starts_with('"')).then(|| name.to_owned())
}

fn logged(text: &str) -> BTreeSet<String> {
    let text = production(text);
    let calls = MACROS.iter().flat_map(|name| text.split(name).skip(1));
    calls
        .flat_map(arguments)
        .filter_map(|argument| field(&argument))
        .collect()
}

/// The names in backticks in the first column of the tables below `## Fields`.
fn documented(page: &str) -> BTreeSet<String> {
    let fields = page.split("\n## ").find(|section| section.starts_with("Fields"));
    let rows = fields.unwrap().lines().filter(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let names = row.split('|').nth(1).unwrap_or_default();
        names.split('`').skip(1).step_by(2).map(str::to_owned)
    })
    .collect()
}

#[test]
fn the_page_about_logging_names_every_field_and_no_other() {
    let is_production =
        |file: &File| file.is("rs") && !file.path.ends_with("tests.rs") && !file.path.contains("/tests/");
    let sources = files::below(&["src"]).into_iter().filter(is_production);
    let logged: BTreeSet<String> = sources.flat_map(|file| logged(&file.text)).collect();
    let documented = documented(&files::text("docs/LOGGING.md"));
    assert!(logged.len() > 30, "log lines are no longer recognized: {logged:?}");
    let missing: Vec<_> = logged.difference(&documented).collect();
    let unused: Vec<_> = documented.difference(&logged).collect();
    assert!(
        missing.is_empty() && unused.is_empty(),
        "not on the page: {missing:?}; in no log line: {unused:?}"
    );
}

#[test]
fn fields_are_found_in_every_form_and_texts_are_none() {
    let code = r#"
        warn!(%reason, ?after, used, "a (text), with = and \"quotes\"");
        info!(
            users = counts.of(1, 2),
            error = %chain(&error),
            "done"
        );
        // error!(in_a_comment, "no");
        #[cfg(test)]
        error!(in_a_test, "no");
    "#;
    let expected = ["after", "error", "reason", "used", "users"].map(str::to_owned);
    assert_eq!(logged(code), BTreeSet::from(expected));
}
