//! What would stop the run, or keep one from starting: exit code 1, and the reason that the run would have.

use local_stack::{Stack, UserRow};
use secureauth_simulator::{Fault, Seed};
use serde_json::json;

use super::told::{add_bad_user, organization, plan};
use crate::support::{
    Outcome, enable, enable_until_it_waits, options, patient, refusal, stack_with, start, status, until,
};

/// Why the latest run ended, as operators are told.
async fn cause(stack: &Stack) -> Result<String, Box<dyn std::error::Error>> {
    let shown = status(stack, "1876").await?;
    let cause = &shown.json["onboarding"]["firstCause"]["cause"];
    Ok(cause.as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn data_errors_are_told_by_guid_field_and_code_and_never_by_value() -> Outcome {
    let stack = stack_with("1876", 12).await?;
    let guid = add_bad_user(&stack)?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: invalid_users");
    told.expect("issue", &format!("{guid} user_name invalid"));
    told.expect(
        "data errors",
        "the run would fail (ON_INVALID_USER, MAX_SKIPPED_PERCENT)",
    );
    told.expect("import", "-");
    let all = told.lines.concat() + &told.why;
    assert!(!all.contains("two words"), "{all}");
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.reason.as_deref(), Some("invalid_users"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_marker_would_stop_the_run() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let mark = json!({"ic_onboarding_id": "00000000-0000-4000-8000-000000000000", "ic_bid": "1877"});
    let marked = organization(&json!({"metadata": {"payload": mark}}));
    stack.simulator().seed(Seed::default().organization(&marked))?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: foreign_marker");
    told.expect("pool", "-");
    let expected = "the marker of the organization 1876 names a run of biller 1877 that this database does not know: \
                    00000000-0000-4000-8000-000000000000";
    told.expect("cause", expected);
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("foreign_marker"))
    );
    assert_eq!(cause(&stack).await?, expected);
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
    enable(&stack, "1876").await?;
    assert_eq!(cause(&stack).await?, "the payload schema does not exist");
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
    told.expect("cause", "the organization 1876 has 2 pools: one, two");
    enable(&stack, "1876").await?;
    assert_eq!(cause(&stack).await?, "the organization 1876 has 2 pools: one, two");
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
async fn a_pool_whose_identity_provider_is_disabled_would_stop_the_run() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let pool = json!({"id": "old", "name": "Old", "workspace_id": "1876", "with_idp": true});
    let seed = Seed::default().organization(&organization(&json!({})));
    stack.simulator().seed(seed.pool(&pool))?;
    stack.simulator().set_switch("idp-disabled", "on")?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: pool_without_idp");
    told.expect("provider", "disabled");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_checked_against_the_schema_of_an_existing_pool() -> Outcome {
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
    assert!(told.at("import").ends_with("1 data error"), "{}", told.at("import"));
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.reason.as_deref(), Some("invalid_users"));
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
    // The timer reports the run once, and writes when it does so next.
    until("the run is reported", || {
        let database = rusqlite::Connection::open(stack.database().path())?;
        let sql = "SELECT due_at > updated_at FROM onboarding";
        Ok(database.query_row(sql, [], |row| row.get(0))?)
    })
    .await?;
    let told = plan(&stack, "1876").await?;
    told.expect_refusal(&format!(
        "no run would start: run {} is stuck (not_rolled_back)",
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
        "no run would start: a Yes would join the enable run {}, which is waiting",
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
    assert_eq!((without_users.code, without_users.import()), (Some(0), vec![0; 5]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn when_secureauth_does_not_answer_that_is_the_reason_and_no_more_calls_are_made() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let down = Fault::on("get_schema", refusal(503, false));
    stack.simulator().faults().add(down);
    let told = plan(&stack, "1876").await?;
    told.expect_refusal("the run would not succeed: secureauth_unavailable");
    let cause = told.at("cause");
    let is_told = cause.starts_with("operation get_schema, status 503, ") && cause.contains(": answered 503");
    assert!(is_told, "{cause}");
    told.expect("organization", "-");
    Ok(())
}
