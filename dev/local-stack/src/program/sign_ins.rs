//! After each event one person of the biller signs in as a person does, and one who may not tries to.

use local_stack::{Stack, StackError, UserRow, Visit, visit};

use super::billers::SampleBiller;
use super::scenario::{Act, Ending};
use super::verdict::Row;

/// A person's sign-in after an event.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    /// User name and status in the CRM.
    person: String,
    visit: Visit,
    /// What should have happened, if it did not.
    pub(super) disagreement: Option<String>,
}

/// The first person who is active in the CRM without a data error, and the first one who is inactive.
pub(super) fn sign_in(stack: &Stack, biller: &SampleBiller, row: &Row) -> Result<Vec<SignedIn>, StackError> {
    let rows = stack.crm().users(biller.id)?;
    let first = |status: &str| {
        let mut people = rows.iter().filter(|it| it.status.as_deref() == Some(status));
        people.find(|it| {
            !row.observed
                .people
                .has_issue(it.user_guid.as_deref().unwrap_or_default())
        })
    };
    let people = ["active", "inactive"].into_iter().filter_map(first);
    Ok(people
        .map(|person| SignedIn::of(stack, biller, row.act, person))
        .collect())
}

impl SignedIn {
    fn of(stack: &Stack, biller: &SampleBiller, act: Act, row: &UserRow) -> Self {
        let name = row.user_name.as_deref().unwrap_or_default();
        let status = row.status.as_deref().unwrap_or_default();
        let visit = visit(stack.simulator(), biller.id, row);
        let expected = expected(act.ending, status);
        let is_expected = visit.sign_in.reason == expected;
        let disagreement = (!is_expected).then(|| format!("{name} ({status}) {visit}, instead of {expected}"));
        Self {
            person: format!("{name} ({status})"),
            visit,
            disagreement,
        }
    }
}

/// The reason that the sign-in page gives, or `ok`.
fn expected(ending: Ending, status: &str) -> &'static str {
    match (ending, status) {
        (Ending::Failed | Ending::NotEnabled, _) => "no-such-workspace",
        (Ending::Inactive(_), _) => "organization-deactivated",
        (Ending::Active(_), "active") => "ok",
        (Ending::Active(_), _) => "user-not-active",
    }
}

/// All sign-ins of all events.
pub(super) fn render(rows: &[Row]) -> String {
    let mut lines = vec![
        "Sign-ins after each event, of a person with nothing but user name, address and mailbox, and of one who is inactive:".to_owned(),
    ];
    for row in rows {
        let event = format!("{} {}, {}", row.biller.id, row.biller.name, row.act.label());
        let people = row
            .sign_ins
            .iter()
            .map(|it| format!("{event}: {} {}", it.person, it.visit));
        lines.extend(people.map(|line| format!("  {line}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_active_people_of_an_active_biller_are_let_in() {
        let endings = [
            Ending::Active(1),
            Ending::Inactive(1),
            Ending::Failed,
            Ending::NotEnabled,
        ];
        let let_in = |status| {
            endings
                .iter()
                .filter(|ending| expected(**ending, status) == "ok")
                .count()
        };
        assert_eq!((let_in("active"), let_in("inactive")), (1, 0));
    }
}
