//! Runs a case, and says in one line how each event of it ended.

use local_stack::{BillerInventory, Stack, UserRow, visit};
use secureauth_simulator::{Fault, Seed, Switches};
use serde_json::json;

use super::cases::{Case, Course};
use crate::payload_schema::{UNKNOWN_DIALECT, UNWANTED, add_unknown_dialect};
use crate::support::{DEADLINE, add_biller, live, nothing, refusal};

const TAKEN: &str = "taken@example.com";

type Line = Result<String, Box<dyn std::error::Error>>;

/// One case after the other on a stack. Returns each label with its line.
pub(super) async fn run(stack: &Stack, case: &Case, number: usize) -> Line {
    set(stack, &case.switch, &case.value)?;
    for (name, value) in case.with {
        set(stack, name, value)?;
    }
    let line = course(stack, case.course, number).await;
    stack.simulator().faults().clear();
    for switch in Switches::default().list() {
        if switch.name == case.switch || case.with.iter().any(|(name, _)| *name == switch.name) {
            set(stack, &switch.name, &switch.default)?;
        }
    }
    line
}

fn set(stack: &Stack, name: &str, value: &str) -> Result<(), secureauth_simulator::SwitchError> {
    stack.simulator().set_switch(name, value)
}

async fn course(stack: &Stack, course: Course, number: usize) -> Line {
    let biller = format!("s{number}");
    match course {
        Course::Life => life(stack, &biller, 3).await,
        Course::Many => life(stack, &biller, 350).await,
        Course::Late => {
            let late = secureauth_simulator::FaultKind::Delay {
                ms: 900,
                after_effect: false,
            };
            stack.simulator().faults().add(Fault::on("create_pool", late).nth(1));
            life(stack, &biller, 3).await
        }
        Course::Gateway => {
            let gateway = Fault::on("create_pool", refusal(503, false)).nth(1);
            stack.simulator().faults().add(gateway);
            life(stack, &biller, 3).await
        }
        Course::Enable => {
            add_biller(stack, &biller, 3)?;
            event(stack, &biller, true, &live(3)).await
        }
        Course::TakenId => {
            stack.simulator().seed(Seed {
                workspaces: vec![biller.clone()],
                ..Seed::default()
            })?;
            add_biller(stack, &biller, 3)?;
            event(stack, &biller, true, &live(3)).await
        }
        Course::Held => held(stack, &biller, |row| row.user_name = Some(TAKEN.to_owned())).await,
        Course::HeldAddress => held(stack, &biller, |row| row.email = Some(TAKEN.to_owned())).await,
        Course::Unfit => unfit(stack, &biller).await,
    }
}

/// Enable, sync after changes, disable; then the rollback of another biller's run, and enabling that one again.
async fn life(stack: &Stack, biller: &str, users: u32) -> Line {
    add_biller(stack, biller, users)?;
    let number = u64::from(users);
    let mut said = Said::default();
    said.add("enable", &event(stack, biller, true, &live(number)).await?);
    if stack.database().biller(biller)?.is_some_and(|it| it.state == "active") {
        visit(stack.simulator(), biller, &UserRow::sample(biller, 1));
        people_change(stack, biller)?;
        said.add("sync", &event(stack, biller, true, &live(number + 1)).await?);
        let deactivated = BillerInventory {
            deactivated: Some(true),
            ..live(number + 1)
        };
        said.add("disable", &event(stack, biller, false, &deactivated).await?);
    }
    let other = format!("{biller}-again");
    add_biller(stack, &other, 3)?;
    let refused = Fault::on("update_organization", refusal(422, false));
    let refused = refused.path(&format!("/organizations/{other}"));
    stack.simulator().faults().add(refused.nth(1));
    said.add("refused", &event(stack, &other, true, &nothing()).await?);
    stack.simulator().faults().clear();
    said.add("again", &event(stack, &other, true, &live(3)).await?);
    Ok(said.0.join("; "))
}

/// Each event with its end.
#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    fn add(&mut self, event: &str, end: &str) {
        self.0.push(format!("{event} {end}"));
    }
}

/// The first person leaves, the second one gets another user name and address, and one joins.
fn people_change(stack: &Stack, biller: &str) -> Result<(), rusqlite::Error> {
    let guid = UserRow::sample(biller, 1).user_guid.unwrap_or_default();
    stack.crm().remove_user(biller, &guid)?;
    let moved = UserRow {
        user_name: Some("moved".to_owned()),
        email: Some("moved@example.com".to_owned()),
        ..UserRow::sample(biller, 2)
    };
    stack.crm().replace_user(biller, &moved)?;
    stack.crm().add_users(biller, &[UserRow::sample(biller, 1_001)])
}

/// A found pool holds a user with a verified address that the first person's row has as well.
async fn held(stack: &Stack, biller: &str, change: impl Fn(&mut UserRow)) -> Line {
    let pool = format!("pool-{biller}");
    let organization = json!({
        "id": biller, "name": "Old", "parent_id": "invoice-cloud", "deactivated": true,
    });
    let user = json!({
        "user_pool_id": pool, "id": format!("theirs-{biller}"), "status": "active",
        "verifiable_addresses": [{ "address": TAKEN, "type": "email", "status": "active", "verified": true }],
    });
    let pool = json!({ "id": pool, "name": "Old", "workspace_id": biller, "identifier_case_insensitive": true,
        "payload_schema_id": "5d5ced58793b41178123b2d1cc5fb658" });
    let seed = Seed::default().organization(&organization).pool(&pool).user(&user);
    stack.simulator().seed(seed)?;
    stack.crm().add_biller(biller, "Smith & Sons, Inc.")?;
    let mut people = UserRow::samples(biller, 3);
    people.iter_mut().take(1).for_each(change);
    stack.crm().add_users(biller, &people)?;
    event(stack, biller, true, &live(3)).await
}

/// The first person has a name that the schema refuses.
async fn unfit(stack: &Stack, biller: &str) -> Line {
    if !stack
        .simulator()
        .inventory()
        .schemas
        .iter()
        .any(|id| id == UNKNOWN_DIALECT)
    {
        add_unknown_dialect(stack)?;
    }
    stack.crm().add_biller(biller, "Smith & Sons, Inc.")?;
    let mut people = UserRow::samples(biller, 3);
    if let Some(row) = people.first_mut() {
        row.first_name = Some(UNWANTED.to_owned());
    }
    stack.crm().add_users(biller, &people)?;
    event(stack, biller, true, &live(2)).await
}

/// Toggles, waits for the end, and says the run's state with its reason, its issues, and what SecureAuth holds if that is neither the
/// usual nor, after a failure, what it held before.
async fn event(stack: &Stack, biller: &str, yes: bool, usual: &BillerInventory) -> Line {
    let before = stack.in_secureauth(biller);
    let answer = stack.front_door().toggle(biller, yes).await?;
    if answer.status != 202 {
        return Ok(format!("{} {}", answer.status, answer.text_at("/code")));
    }
    let id = answer.text_at("/onboardingId").to_owned();
    let ended = |run: &local_stack::RunRecord| run.onboarding_id == id && run.has_ended();
    let run = stack.wait_for(biller, DEADLINE, ended).await?;
    let mut parts = vec![match run.reason.as_deref() {
        Some(reason) => format!("{} {reason}", run.state),
        None => run.state.clone(),
    }];
    let issues = stack.database().issues(&run.onboarding_id)?;
    parts.extend(
        issues
            .iter()
            .map(|issue| format!("issue {} {}", issue.field, issue.code)),
    );
    let found = stack.in_secureauth(biller);
    let expected = if run.state == "succeeded" { usual } else { &before };
    if found != *expected {
        parts.push(held_there(&found));
    }
    Ok(parts.join(", "))
}

fn held_there(found: &BillerInventory) -> String {
    let Some(deactivated) = found.deactivated else {
        return format!("no organization, {} pools", found.pools);
    };
    let state = if deactivated { "deactivated" } else { "live" };
    format!(
        "left {state} with {} users, {} pools, {} providers",
        found.users, found.pools, found.pools_with_idp
    )
}
