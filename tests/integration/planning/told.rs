//! Runs `plan` and reads what it printed.

use std::time::Duration;

use local_stack::{RunRecord, Stack, UserRow};
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};

use crate::support::DEADLINE;

/// What `plan` printed and how it ended.
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(super) lines: Vec<String>,
    pub(crate) why: String,
}

impl Told {
    /// The value after a label.
    pub(super) fn at(&self, label: &str) -> &str {
        let lines = self.lines.iter();
        let mut values = lines.filter_map(|line| line.strip_prefix(label)?.strip_prefix(' '));
        values.next().map(str::trim).unwrap_or_default()
    }

    /// The numbers of users to import, to change, to deactivate, to reactivate and to leave alone; then the rare ones.
    pub(super) fn import(&self) -> Vec<u64> {
        let words = self.at("import").split_whitespace();
        words.filter_map(|word| word.parse().ok()).collect()
    }

    /// The number of users to leave alone in a found pool.
    fn linked(&self) -> u64 {
        let mut parts = self.at("import").split(", ");
        let number = parts.find_map(|part| part.strip_suffix(" linked")?.parse().ok());
        number.unwrap_or_default()
    }

    pub(crate) fn expect(&self, label: &str, value: &str) {
        assert_eq!(self.at(label), value, "{:#?}", self.lines);
    }

    pub(super) fn expect_refusal(&self, why: &str) {
        assert_eq!(self.code, Some(1), "{:#?}", self.lines);
        assert_eq!(self.why.lines().last(), Some(why));
        self.expect("outcome", why);
    }
}

/// A row, with the name of its table.
type Row = (String, Vec<Cell>);

/// Every row of every table.
fn rows(stack: &Stack) -> Result<Vec<Row>, Box<dyn std::error::Error>> {
    let database = Connection::open(stack.database().path())?;
    let mut names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    for name in names {
        // A table may have one column only.
        let mut select = database.prepare(&format!("SELECT *, 0 FROM \"{name}\" ORDER BY 1, 2"))?;
        let columns = select.column_count();
        let mut found = select.query([])?;
        while let Some(row) = found.next()? {
            let cells = (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
            all.push((name.clone(), cells));
        }
    }
    Ok(all)
}

/// Runs `plan`, and asserts that it wrote nothing, neither to SecureAuth nor to the database.
pub(crate) async fn plan(stack: &Stack, biller: &str) -> Result<Told, Box<dyn std::error::Error>> {
    // No worker may write meanwhile: one that has just ended a run still has to free its slot. Runs that wait do so for
    // an hour.
    stack.settle(Duration::from_mins(1), DEADLINE).await?;
    let before = rows(stack)?;
    stack.simulator().clear_calls();
    let output = stack.handler().output(&["plan", biller]).await?;
    for call in stack.simulator().calls() {
        let reads = call.method == "GET" || call.operation.as_deref() == Some("token");
        assert!(reads, "{call:?}");
    }
    assert_eq!(rows(stack)?, before);
    Ok(Told {
        code: output.status.code(),
        lines: String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect(),
        why: String::from_utf8(output.stderr)?,
    })
}

/// Asserts that the run did to the users what the plan said.
pub(super) fn assert_did(run: &RunRecord, told: &Told) {
    assert_eq!(run.state, "succeeded");
    assert_eq!(told.at("run"), format!("{} would start", run.kind));
    let did = [
        run.imported,
        run.changed,
        run.deactivated,
        run.reactivated,
        run.already_present,
    ];
    assert_eq!(told.import()[..5], did);
    assert_eq!(told.linked(), run.linked);
}

/// Adds a user with a data error. Returns the user's GUID.
pub(super) fn add_bad_user(stack: &Stack) -> Result<String, Box<dyn std::error::Error>> {
    let mut bad = UserRow::sample("1876", 900);
    bad.user_name = Some("two words".into());
    stack.crm().add_users("1876", std::slice::from_ref(&bad))?;
    Ok(bad.user_guid.unwrap_or_default())
}

/// A biller's organization that somebody else created.
pub(super) fn organization(members: &Value) -> Value {
    let mut organization = json!({"id": "1876", "name": "Old", "parent_id": "invoice-cloud", "deactivated": true});
    let members = members.as_object().cloned().unwrap_or_default();
    organization.as_object_mut().expect("an object").extend(members);
    organization
}
