//! Checks whether an event ended as expected, in the simulator's inventory and in the database, not only in the
//! handler's answers: numbers here, people one by one in `people.rs`.

use std::time::Duration;

use local_stack::{BillerInventory, RunRecord, Stack, StackError};

use super::billers::SampleBiller;
use super::people::People;
use super::reports;
use super::scenario::{Act, Ending};
use super::sign_ins::SignedIn;

/// What SecureAuth, the database and the CRM hold after an event.
#[derive(Debug, Clone, Default)]
pub(super) struct Observed {
    /// The last `status` of the HTTP API.
    pub(super) status: String,
    /// What the simulator's inventory shows of the biller.
    pub(super) secureauth: BillerInventory,
    /// Number of accounts that the biller's runs created.
    pub(super) users_in_database: u64,
    /// The biller's CIAM state in the database.
    pub(super) ciam_state: String,
    /// Whether the database has an activation date.
    pub(super) has_date: bool,
    /// The toggle `Product > CIAM` of the CRM.
    pub(super) toggle_on: bool,
    /// The biller's people, one by one.
    pub(super) people: People,
    /// What a sync did to people.
    pub(super) done: Option<String>,
    /// Why the latest run did not succeed.
    pub(super) reason: Option<String>,
}

/// One row of the table.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) biller: &'static SampleBiller,
    /// The event and its expected ending.
    pub(super) act: Act,
    /// The result of the event.
    pub(super) observed: Observed,
    /// Time from the event to its end.
    pub(super) took: Duration,
    /// Who came to the sign-in page afterwards.
    pub(super) sign_ins: Vec<SignedIn>,
    /// Every difference from the expected ending, as a sentence.
    pub(super) disagreements: Vec<String>,
}

impl Observed {
    /// Looks into SecureAuth, the database and the CRM. `status` is the last status of the HTTP API.
    pub(super) fn look(stack: &Stack, biller_id: &str, status: &str) -> Result<Self, StackError> {
        let database = stack.database();
        let record = database.biller(biller_id)?;
        let product = stack.crm().product_ciam(biller_id)?;
        let run = database.latest_run(biller_id)?;
        Ok(Self {
            status: status.to_owned(),
            secureauth: stack.in_secureauth(biller_id),
            users_in_database: database.users_onboarded(biller_id)?,
            ciam_state: record
                .as_ref()
                .map_or_else(|| "not_enabled".to_owned(), |it| it.state.clone()),
            has_date: record.is_some_and(|it| it.activation_date.is_some()),
            toggle_on: product.is_some_and(|it| it.toggle_on),
            people: People::look(stack, biller_id, run.as_ref())?,
            done: run.as_ref().filter(|run| run.kind == "sync").map(done),
            reason: run.and_then(|run| run.reason),
        })
    }

    /// Every difference from the expected ending.
    pub(super) fn disagreements(&self, ending: Ending) -> Vec<String> {
        let (deactivated, state, pools) = match ending {
            Ending::Active(_) => (Some(false), "active", 1),
            Ending::Inactive(_) => (Some(true), "inactive", 1),
            Ending::Failed | Ending::NotEnabled => (None, "not_enabled", 0),
        };
        let is_active = state == "active";
        let mut found = Vec::new();
        let mut differs = |what: &str, expected: String, actual: String| {
            if expected != actual {
                found.push(format!("{what} {actual} instead of {expected}"));
            }
        };
        differs("status", ending.status().to_owned(), self.status.clone());
        differs(
            "organization in SecureAuth",
            organization(deactivated),
            organization(self.secureauth.deactivated),
        );
        differs(
            "identity pools in SecureAuth",
            pools.to_string(),
            self.secureauth.pools.to_string(),
        );
        differs(
            "their identity providers",
            pools.to_string(),
            self.secureauth.pools_with_idp.to_string(),
        );
        differs(
            "users in SecureAuth",
            ending.users().to_string(),
            self.secureauth.users.to_string(),
        );
        differs(
            "users in the database",
            ending.users().to_string(),
            self.users_in_database.to_string(),
        );
        differs("CIAM state in the database", state.to_owned(), self.ciam_state.clone());
        // A deactivated biller keeps the date of its last activation.
        differs(
            "activation date",
            yes_no(ending.has_organization()),
            yes_no(self.has_date),
        );
        differs("toggle in the CRM", yes_no(is_active), yes_no(self.toggle_on));
        found.extend(self.people.disagreements(ending));
        if !found.is_empty() {
            found.extend(self.reason.as_ref().map(|reason| format!("the run's reason: {reason}")));
        }
        found
    }
}

impl Row {
    /// Compares the result of an event with its expected ending. `status` is the last status of the HTTP API.
    pub(super) fn judge(
        stack: &Stack,
        biller: &'static SampleBiller,
        act: Act,
        status: &str,
        took: Duration,
    ) -> Result<Self, StackError> {
        let observed = Observed::look(stack, biller.id, status)?;
        let reported = observed.people.reported().map(|(issue, _)| issue);
        let mut disagreements = reports::disagreements(biller.id, act.reports, reported);
        disagreements.extend(observed.disagreements(act.ending));
        Ok(Self {
            biller,
            act,
            observed,
            took,
            sign_ins: Vec::new(),
            disagreements,
        })
    }

    /// True if everything is as expected.
    pub(super) fn is_good(&self) -> bool {
        self.disagreements.is_empty()
    }
}

/// An organization's state as the table shows it.
pub(super) fn organization(deactivated: Option<bool>) -> String {
    match deactivated {
        Some(false) => "live",
        Some(true) => "deactivated",
        None => "none",
    }
    .to_owned()
}

/// What a sync did to people, in one line.
fn done(run: &RunRecord) -> String {
    format!(
        ": {} imported, {} changed, {} deactivated, {} reported",
        run.imported, run.changed, run.deactivated, run.issues_total
    )
}

fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(deactivated: Option<bool>, users: u64, state: &str) -> Observed {
        let pools = usize::from(deactivated.is_some());
        Observed {
            status: state.to_owned(),
            secureauth: BillerInventory {
                deactivated,
                pools,
                pools_with_idp: pools,
                users,
            },
            users_in_database: users,
            ciam_state: state.to_owned(),
            has_date: deactivated.is_some(),
            toggle_on: state == "active",
            people: People::default(),
            done: None,
            reason: None,
        }
    }

    #[test]
    fn an_event_is_good_when_all_places_agree() {
        assert_eq!(
            observed(Some(false), 3, "active").disagreements(Ending::Active(3)),
            [""; 0]
        );
        assert_eq!(
            observed(Some(true), 3, "inactive").disagreements(Ending::Inactive(3)),
            [""; 0]
        );
        let mut failed = observed(None, 0, "not_enabled");
        failed.status = "failed".to_owned();
        assert_eq!(failed.disagreements(Ending::Failed), [""; 0]);
    }

    #[test]
    fn an_answer_of_the_handler_alone_is_not_enough() {
        let mut only_said = observed(None, 0, "active");
        only_said.has_date = true;
        let found = only_said.disagreements(Ending::Active(3));
        assert_eq!(found.len(), 5, "{found:#?}");
    }

    #[test]
    fn something_left_behind_by_a_failed_run_is_a_disagreement() {
        let mut left = observed(Some(true), 8, "not_enabled");
        left.status = "failed".to_owned();
        left.has_date = false;
        let found = left.disagreements(Ending::Failed).join("\n");
        assert!(
            found.contains("organization in SecureAuth deactivated instead of none"),
            "{found}"
        );
        assert!(found.contains("users in SecureAuth 8 instead of 0"), "{found}");
    }

    #[test]
    fn users_missing_in_one_of_the_two_places_are_a_disagreement() {
        let mut fewer = observed(Some(false), 250, "active");
        fewer.users_in_database = 249;
        assert_eq!(
            fewer.disagreements(Ending::Active(250)),
            ["users in the database 249 instead of 250"]
        );
    }
}
