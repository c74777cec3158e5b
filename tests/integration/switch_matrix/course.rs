//! Runs a case, and says in one line how each event of it ended.

use local_stack::{BillerInventory, Stack, UserRow, visit};
use secureauth_simulator::{Fault, FaultKind, PoolUser, Seed, Switches};
use serde_json::json;

use super::cases::{Case, Course};
use crate::fault_matrix::is_held;
use crate::payload_schema::{UNKNOWN_DIALECT, UNWANTED, add_unknown_dialect};
use crate::support::{
    DEADLINE, IMPORT, Outcome, SomebodyElse, add_biller, live, nothing, pools_of, refusal, until, users_in_secureauth,
};

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
    let switches = stack.simulator().switches();
    let is_reached = switches.iter().any(|it| it.name == case.switch && it.reached);
    for switch in Switches::default().list() {
        if switch.name == case.switch || case.with.iter().any(|(name, _)| *name == switch.name) {
            set(stack, &switch.name, &switch.default)?;
        }
    }
    let unreached = if is_reached { "" } else { "; the value decided nothing" };
    Ok(line? + unreached)
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
        Course::Lost => {
            lose_answers(stack);
            life(stack, &biller, 3).await
        }
        Course::Raced => raced(stack, &biller).await,
        Course::Swapped => swapped(stack, &biller).await,
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
        Course::HeldSoon => held_soon(stack, &biller).await,
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
        // Somebody deletes the third person's user by hand.
        let third = UserRow::sample(biller, 3).user_name.unwrap_or_default();
        remove_user(stack, biller, &third).await?;
        let deactivated = BillerInventory {
            deactivated: Some(true),
            ..live(number)
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

/// Calls whose answers are lost; what they did stays done.
fn lose_answers(stack: &Stack) {
    let faults = stack.simulator().faults();
    for operation in ["add_identifier", "remove_identifier", "add_address", "remove_address"] {
        faults.add(Fault::on(operation, refusal(500, true)).nth(1));
    }
    faults.add(Fault::on(IMPORT, FaultKind::PartialImport { users: Some(2) }).nth(1));
}

/// Somebody changes the organization while the run activates it.
async fn raced(stack: &Stack, biller: &str) -> Line {
    add_biller(stack, biller, 3)?;
    let held = Fault::on("update_organization", FaultKind::Hold { after_effect: false }).nth(1);
    let held = stack.simulator().faults().add(held);
    let usual = live(3);
    let run = async {
        event(stack, biller, true, &usual)
            .await
            .map_err(|error| error.to_string())
    };
    let race = async { race(stack, biller, held).await.map_err(|error| error.to_string()) };
    let (line, raced) = tokio::join!(run, race);
    raced?;
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    let kept = somebody.organization(biller).await?["description"] == "theirs";
    let theirs = if kept { "kept" } else { "overwritten" };
    Ok(format!("enable {}; somebody else's change {theirs}", line?))
}

/// While the call is held.
async fn race(stack: &Stack, biller: &str, held: u64) -> Outcome {
    assert!(is_held(stack, biller, held).await?, "nothing to race against");
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    let mut organization = somebody.organization(biller).await?;
    organization["description"] = json!("theirs");
    let path = format!("organizations/{biller}");
    somebody.system(reqwest::Method::PUT, &path, &organization).await?;
    stack.simulator().faults().remove(held);
    Ok(())
}

/// Two people swap their user names.
async fn swapped(stack: &Stack, biller: &str) -> Line {
    add_biller(stack, biller, 3)?;
    let mut said = Said::default();
    said.add("enable", &event(stack, biller, true, &live(3)).await?);
    let name = |number| UserRow::sample(biller, number).user_name;
    for (person, other) in [(1, 2), (2, 1)] {
        let row = UserRow {
            user_name: name(other),
            ..UserRow::sample(biller, person)
        };
        stack.crm().replace_user(biller, &row)?;
    }
    said.add("sync", &event(stack, biller, true, &live(3)).await?);
    Ok(said.0.join("; "))
}

/// Deletes the user with this name, as somebody else, and waits until the pool shows it.
async fn remove_user(stack: &Stack, biller: &str, name: &str) -> Outcome {
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    let is_theirs = |user: &PoolUser| user.identifiers.iter().any(|it| it == name);
    for pool in pools_of(stack, biller) {
        let users = stack.simulator().pool_users(&pool, None, usize::MAX);
        for user in users.into_iter().flatten().filter(is_theirs) {
            let path = format!("system/pools/{pool}/users/{}", user.id);
            let deletion = somebody.identity(reqwest::Method::DELETE, &path, &serde_json::Value::Null);
            deletion.await?;
        }
    }
    let is_gone = || Ok(!users_in_secureauth(stack, biller).iter().any(is_theirs));
    until("the user is gone", is_gone).await
}

/// A found pool holds a user with a verified address that the first person's row has as well.
async fn held(stack: &Stack, biller: &str, change: impl Fn(&mut UserRow)) -> Line {
    let user = json!({
        "user_pool_id": format!("pool-{biller}"), "id": format!("theirs-{biller}"), "status": "active",
        "verifiable_addresses": [{ "address": TAKEN, "type": "email", "status": "active", "verified": true }],
    });
    stack.simulator().seed(found(biller).user(&user))?;
    into_found(stack, biller, change).await
}

/// Somebody else creates a user with the first person's user name, and no read shows it yet.
async fn held_soon(stack: &Stack, biller: &str) -> Line {
    stack.simulator().seed(found(biller))?;
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    let path = format!("system/pools/pool-{biller}/users");
    let user = json!({
        "id": format!("theirs-{biller}"), "status": "active", "payload": { "user_name": TAKEN },
        "identifiers": [{ "identifier": TAKEN, "type": "uid" }],
    });
    somebody.identity(reqwest::Method::POST, &path, &user).await?;
    into_found(stack, biller, |row| row.user_name = Some(TAKEN.to_owned())).await
}

/// An organization with a pool that were there before.
fn found(biller: &str) -> Seed {
    let organization = json!({
        "id": biller, "name": "Old", "parent_id": "invoice-cloud", "deactivated": true,
    });
    let pool = json!({ "id": format!("pool-{biller}"), "name": "Old", "workspace_id": biller, "identifier_case_insensitive": true,
        "payload_schema_id": "5d5ced58793b41178123b2d1cc5fb658" });
    Seed::default().organization(&organization).pool(&pool)
}

async fn into_found(stack: &Stack, biller: &str, change: impl Fn(&mut UserRow)) -> Line {
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
