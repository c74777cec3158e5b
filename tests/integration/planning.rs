//! `plan`: what a Yes would do, found out without writing anything; and the run then does what the plan said.

use std::time::Duration;

use local_stack::{RunRecord, Stack, UserRow};
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use secureauth_simulator::{Fault, Seed};
use serde_json::{Value, json};

use crate::support::{
    DEADLINE, Outcome, enable, enable_until_it_waits, options, patient, pools_of, refusal, stack_with,
    start,
};

/// What `plan` printed and how it ended.
struct Told {
    code: Option<i32>,
    lines: Vec<String>,
    why: String,
}

impl Told {
    /// What stands behind a label.
    fn at(&self, label: &str) -> &str {
        let lines = self.lines.iter();
        let mut values = lines.filter_map(|line| line.strip_prefix(label)?.strip_prefix(' '));
        values.next().map(str::trim).unwrap_or_default()
    }

    /// The numbers of users to import, to change, and to leave alone.
    fn import(&self) -> Vec<u64> {
        let words = self.at("import").split_whitespace();
        words.filter_map(|word| word.parse().ok()).collect()
    }

    fn expect(&self, label: &str, value: &str) {
        assert_eq!(self.at(label), value, "{:#?}", self.lines);
    }

    fn expect_refusal(&self, why: &str) {
        assert_eq!(self.code, Some(1), "{:#?}", self.lines);
        assert_eq!(self.why.lines().last(), Some(why));
        self.expect("outcome", why);
    }
}

/// Every row of every table.
fn rows(stack: &Stack) -> Result<Vec<(String, Vec<Cell>)>, Box<dyn std::error::Error>> {
    let database = Connection::open(stack.database().path())?;
    let mut names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    for name in names {
        let mut select = database.prepare(&format!("SELECT * FROM \"{name}\" ORDER BY 1, 2"))?;
        let columns = select.column_count();
        let mut found = select.query([])?;
        while let Some(row) = found.next()? {
            let cells = (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
            all.push((name.clone(), cells));
        }
    }
    Ok(all)
}

/// Runs `plan`, and sees that it wrote nothing, neither to SecureAuth nor to the database.
async fn plan(stack: &Stack, biller: &str) -> Result<Told, Box<dyn std::error::Error>> {
    // A waiting run waits for an hour; a worker that has just ended a run has yet to give its slot back.
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

/// The run does to the users what the plan said.
fn assert_did(run: &RunRecord, told: &Told) {
    assert_eq!(run.state, "succeeded");
    assert_eq!(told.at("run"), format!("{} would start", run.kind));
    let [imported, changed, already_present] = told.import()[..] else {
        panic!("three numbers are expected: {}", told.at("import"));
    };
    assert_eq!(
        (run.imported, run.already_present),
        (imported + changed, already_present)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_biller_gets_what_its_plan_says() -> Outcome {
    let stack = stack_with("1876", 12).await?;
    let mut gone = UserRow::sample("1876", 50);
    gone.status = Some("deleted".into());
    stack.crm().add_users("1876", &[gone])?;
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect("biller", "1876");
    told.expect("name", "Smith & Sons, Inc.");
    told.expect("ciam", "not-enabled");
    told.expect(
        "users",
        "12 in all, 0 with data errors; 1 more are deleted and left out",
    );
    told.expect("organization", "1876 would be created below invoice-cloud");
    told.expect("provider", "would be created with the pool");
    told.expect("import", "12 would be imported, 0 changed, 0 are already present");
    told.expect("outcome", "nothing is known to stop the run");
    let run = enable(&stack, "1876").await?;
    assert_did(&run, &told);
    let pool = pools_of(&stack, "1876").pop().expect("was created");
    told.expect("pool", &format!("{pool} would be created"));
    Ok(())
}

/// A user with a data error; answers its GUID.
fn add_bad_user(stack: &Stack) -> Result<String, Box<dyn std::error::Error>> {
    let mut bad = UserRow::sample("1876", 900);
    bad.user_name = Some("two words".into());
    stack.crm().add_users("1876", std::slice::from_ref(&bad))?;
    Ok(bad.user_guid.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn data_errors_are_told_by_guid_field_and_code_and_never_by_value() -> Outcome {
    let stack = stack_with("1876", 12).await?;
    let guid = add_bad_user(&stack)?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: invalid_users");
    told.expect("issue", &format!("{guid} userName invalid"));
    told.expect(
        "data errors",
        "the run fails over them (ON_INVALID_USER, MAX_SKIPPED_PERCENT)",
    );
    told.expect("import", "-");
    let all = told.lines.concat() + &told.why;
    assert!(!all.contains("two words"), "{all}");
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.reason.as_deref(), Some("invalid_users"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn data_errors_that_are_skipped_stop_nothing() -> Outcome {
    let stack = start(options().set("ON_INVALID_USER", "skip"), "1876", 12).await?;
    add_bad_user(&stack)?;
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect(
        "data errors",
        "the run goes on without those users (ON_INVALID_USER, MAX_SKIPPED_PERCENT)",
    );
    assert_eq!(told.import(), [12, 0, 0]);
    assert_did(&enable(&stack, "1876").await?, &told);
    Ok(())
}

/// A biller's organization that somebody else made.
fn organization(members: &Value) -> Value {
    let mut organization = json!({"id": "1876", "name": "Old", "parent_id": "invoice-cloud", "deactivated": true});
    let members = members.as_object().cloned().unwrap_or_default();
    organization.as_object_mut().expect("an object").extend(members);
    organization
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_is_used_and_who_is_in_its_pool_is_left_alone() -> Outcome {
    let stack = stack_with("1876", 4).await?;
    let pool = json!({"id": "old", "name": "Old", "workspace_id": "1876", "authentication_mechanisms": ["password"],
        "preferred_authentication_mechanism": "password", "identifier_case_insensitive": true,
        "payload_schema_id": stack.handler().settings()["SECUREAUTH_PAYLOAD_SCHEMA_ID"]});
    let name = UserRow::sample("1876", 2).user_name.unwrap_or_default().to_uppercase();
    let user = json!({"user_pool_id": "old", "status": "active", "identifiers": [{"identifier": name, "type": "uid"}]});
    let seed = Seed::default().organization(&organization(&json!({}))).pool(&pool);
    stack.simulator().seed(seed.user(&user))?;
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect(
        "organization",
        "1876 stands below invoice-cloud, deactivated, would be activated, unmarked",
    );
    told.expect(
        "pool",
        "old stands, unmarked, settings stay that differ in authentication_mechanisms",
    );
    told.expect("provider", "there");
    assert_eq!(told.import(), [3, 0, 1]);
    assert_did(&enable(&stack, "1876").await?, &told);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_mark_would_stop_the_run() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let mark = json!({"ic_onboarding_id": "00000000-0000-4000-8000-000000000000", "ic_bid": "1877"});
    let marked = organization(&json!({"metadata": {"payload": mark}}));
    stack.simulator().seed(Seed::default().organization(&marked))?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: foreign_marker");
    told.expect("pool", "-");
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("foreign_marker"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_is_told_at_once() -> Outcome {
    let stack = start(options().set("SECUREAUTH_PAYLOAD_SCHEMA_ID", "absent"), "1876", 1).await?;
    add_bad_user(&stack)?;
    let elsewhere = Seed {
        workspaces: vec!["elsewhere".into()],
        ..Seed::default()
    };
    let organization = organization(&json!({"parent_id": "elsewhere"}));
    stack.simulator().seed(elsewhere.organization(&organization))?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: payload_schema_unusable, invalid_users, organization_elsewhere");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn several_pools_of_which_none_is_known_would_stop_the_run() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let pool = |id: &str| json!({"id": id, "name": id, "workspace_id": "1876"});
    let seed = Seed::default().organization(&organization(&json!({})));
    stack.simulator().seed(seed.pool(&pool("one")).pool(&pool("two")))?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: several_pools");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_without_its_identity_provider_would_stop_the_run() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let pool = json!({"id": "old", "name": "Old", "workspace_id": "1876", "with_idp": false});
    let seed = Seed::default().organization(&organization(&json!({})));
    stack.simulator().seed(seed.pool(&pool))?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: pool_without_idp");
    told.expect("provider", "missing");
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.reason.as_deref(), Some("pool_without_idp"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_held_against_the_schema_of_the_pool_that_stands() -> Outcome {
    let stack = stack_with("1876", 4).await?;
    let name = UserRow::sample("1876", 2).first_name;
    let schema = json!({"id": "picky", "name": "Picky", "schema": {"type": "object", "properties": {
        "first_name": {"type": "string", "not": {"const": name}},
        "last_name": {"type": "string"}, "user_name": {"type": "string"}}}});
    let pool = json!({"id": "old", "name": "Old", "workspace_id": "1876", "payload_schema_id": "picky"});
    let seed = Seed {
        schemas: schema.as_object().cloned().into_iter().collect(),
        ..Seed::default()
    };
    let seed = seed.organization(&organization(&json!({})));
    stack.simulator().seed(seed.pool(&pool))?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: invalid_users");
    told.expect("users", "4 in all, 0 with data errors; 0 more are deleted and left out");
    assert!(
        told.at("import").ends_with("1 do not fit the pool's schema"),
        "{}",
        told.at("import")
    );
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.reason.as_deref(), Some("invalid_users"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_active_biller_is_synced_as_its_plan_says() -> Outcome {
    let stack = start(options().set("USERS_PER_PAGE", "100"), "1876", 250).await?;
    enable(&stack, "1876").await?;
    stack
        .crm()
        .add_users("1876", &[UserRow::sample("1876", 260), UserRow::sample("1876", 261)])?;
    let mut renamed = UserRow::sample("1876", 2);
    renamed.last_name = Some("Renamed".into());
    assert_eq!(stack.crm().replace_user("1876", &renamed)?, 1);
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect("run", "sync would start");
    told.expect(
        "organization",
        "1876 stands below invoice-cloud, live, marked by an earlier run",
    );
    let pool = pools_of(&stack, "1876").pop().expect("was created");
    let stands = format!("{pool} stands, marked by an earlier run, settings as a new pool's");
    told.expect("pool", &stands);
    assert_eq!(told.import(), [2, 1, 249]);
    assert_did(&enable(&stack, "1876").await?, &told);
    assert_eq!(plan(&stack, "1876").await?.import(), [0, 0, 252]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_run_is_named_with_its_reason() -> Outcome {
    let stack = start(options().set("ROLLBACK_TIME_LIMIT", "1s"), "1876", 2).await?;
    for operation in ["update_organization", "delete_pool"] {
        let fault = Fault::on(operation, refusal(422, false));
        stack.simulator().faults().add(fault);
    }
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "stuck");
    let told = plan(&stack, "1876").await?;
    told.expect_refusal(&format!(
        "no run would start: run {} is stuck (not_taken_back)",
        run.onboarding_id
    ));
    assert!(stack.simulator().calls().is_empty(), "there is nothing to find out");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_open_would_be_joined() -> Outcome {
    let stack = start(patient(), "1876", 1).await?;
    let down = Fault::on("create_pool", refusal(503, false));
    stack.simulator().faults().add(down);
    let run = enable_until_it_waits(&stack, "1876").await?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal(&format!(
        "no run would start: a Yes joins the enable run {}, which is waiting",
        run.onboarding_id
    ));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_biller_that_cannot_be_onboarded_is_refused_with_the_reason() -> Outcome {
    let stack = stack_with("1876", 0).await?;
    stack.crm().add_biller("1877", None)?;
    let nameless = plan(&stack, "1877").await?;
    nameless.expect_refusal("no run would start: biller_without_name");
    let unknown = plan(&stack, "1878").await?;
    assert_eq!(
        (unknown.code, unknown.why.lines().last()),
        (Some(1), Some("there is no biller 1878"))
    );
    assert_eq!(plan(&stack, "18/79").await?.code, Some(2));
    let without_users = plan(&stack, "1876").await?;
    assert_eq!((without_users.code, without_users.import()), (Some(0), vec![0, 0, 0]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secureauth_that_does_not_answer_is_the_reason_and_is_not_asked_on() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let down = Fault::on("get_schema", refusal(503, false));
    stack.simulator().faults().add(down);
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: secureauth_unavailable");
    told.expect("organization", "-");
    Ok(())
}
