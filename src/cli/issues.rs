//! `issues`: all data errors of a run, for people or as CSV. A user is named by GUID, never by a value.

use std::fmt::Write;

use super::error_text;
use super::status::{found, guid_text};
use crate::domain::ids::BillerId;
use crate::domain::issue::Issue;
use crate::store::Store;

/// Issues that are read at once.
const PAGE: u32 = 1_000;

pub(super) async fn run(store: &dyn Store, id: &BillerId, csv: bool) -> Result<String, String> {
    let found = found(store, id, 0).await?;
    let run = found.view.run.ok_or_else(|| format!("biller {id} never had a run"))?;
    let mut text = String::new();
    if csv {
        text.push_str("userGuid,field,code,heldBy\n");
    }
    let (mut after, mut listed) = (0, 0);
    // Ends: every round begins after the issues of the one before, and a run keeps a limited number of them.
    loop {
        let page = store
            .issues(run.id, after, PAGE)
            .await
            .map_err(|error| error_text(&error))?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        listed += page.len() as u64;
        for (_, issue) in &page {
            let line = if csv { csv_line(issue) } else { line(issue) };
            writeln!(text, "{line}").map_err(|error| error.to_string())?;
        }
    }
    let kept = match run.issues_total.saturating_sub(listed) {
        0 => String::new(),
        more => format!("; {more} more were found and are not kept"),
    };
    let total = format!("{listed} issues of run {}{kept}", run.id);
    if csv {
        // Not in the file, but it has to be known that the file does not hold all.
        eprintln!("{total}");
    } else {
        writeln!(text, "{total}").map_err(|error| error.to_string())?;
    }
    Ok(text)
}

fn line(issue: &Issue) -> String {
    let held_by = issue.held_by.as_ref().map(|holder| format!(" by {holder}"));
    let held_by = held_by.unwrap_or_default();
    format!("{} {} {}{held_by}", guid_text(issue), issue.field, issue.code)
}

fn csv_line(issue: &Issue) -> String {
    let guid = issue.user_guid.map(|guid| guid.to_string()).unwrap_or_default();
    let held_by = csv_cell(issue.held_by.as_deref().unwrap_or_default());
    format!("{guid},{},{},{held_by}", issue.field, issue.code)
}

/// In quotes where it could end the cell. Ids of SecureAuth may be any text.
fn csv_cell(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::issue::Field;

    #[test]
    fn a_holder_with_commas_and_quotes_stays_one_cell() {
        let issue = Issue::held(uuid::Uuid::nil(), Field::UserName, "a,\"b\"".into());
        let guid = uuid::Uuid::nil();
        assert_eq!(csv_line(&issue), format!("{guid},user_name,held,\"a,\"\"b\"\"\""));
    }
}
