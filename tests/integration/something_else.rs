//! SecureAuth answers about something else than was asked, or does not say what has to be known: nobody gets into another biller's
//! pool, and nothing is deleted on a guess.

use local_stack::Stack;
use secureauth_simulator::{Fault, FaultKind, Seed};
use serde_json::{Value, json};

use crate::support::{
    DEADLINE, Outcome, calls_of, enable, enable_until_it_waits, live, nothing, options, patient, pools_of, refusal,
    resume, stack_with, start, users_in_secureauth,
};

const OTHER: &str = "1877";

/// Another biller stands live, with a pool and a user.
fn another_biller(stack: &Stack) -> Outcome {
    let organization = json!({"id": OTHER, "name": "Another", "parent_id": "invoice-cloud"});
    let pool = json!({"id": "theirs", "name": "Theirs", "workspace_id": OTHER, "with_idp": true,
        "identifier_case_insensitive": true, "payload_schema_id": "5d5ced58793b41178123b2d1cc5fb658"});
    let user = json!({"user_pool_id": "theirs", "id": "their-user", "status": "active",
        "payload": {"first_name": "Their", "last_name": "Own", "user_name": "their.own"},
        "identifiers": [{"identifier": "their.own", "type": "uid"}]});
    stack
        .simulator()
        .seed(Seed::default().organization(&organization).pool(&pool).user(&user))?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_into_another_billers_pool_when_a_read_answers_with_that_biller() -> Outcome {
    for operation in [
        "get_organization",
        "list_workspace_pools",
        "get_pool",
        "list_pool_idps",
        "list_users",
    ] {
        let stack = start(patient(), "1876", 3).await?;
        another_biller(&stack)?;
        let theirs = users_in_secureauth(&stack, OTHER);
        stack
            .simulator()
            .faults()
            .add(Fault::on(operation, FaultKind::WrongSubject));
        let answer = stack.front_door().toggle("1876", true).await?;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let stopped = |run: &local_stack::RunRecord| run.state == "waiting" || run.has_ended();
        let run = stack.wait_for("1876", DEADLINE, stopped).await?;
        assert_eq!(users_in_secureauth(&stack, OTHER), theirs, "{operation}");
        let run = if run.state == "waiting" {
            resume(&stack, &run).await?
        } else {
            run
        };
        assert_eq!(run.state, "succeeded", "{operation}");
        assert_eq!(stack.in_secureauth("1876"), live(3), "{operation}");
        assert_eq!(users_in_secureauth(&stack, OTHER), theirs, "{operation}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_whose_children_are_not_counted_is_not_deleted() -> Outcome {
    for unknown in ["absent", "text"] {
        let stack = stack_with("1876", 1).await?;
        stack.simulator().set_switch("child-count", unknown)?;
        stack
            .simulator()
            .faults()
            .add(Fault::on("create_pool", refusal(422, false)));
        stack.front_door().toggle("1876", true).await?;
        let asked = |_: &local_stack::RunRecord| calls_of(&stack, "list_organizations").len() > 1;
        let run = stack.wait_for("1876", DEADLINE, asked).await?;
        assert_eq!(run.state, "rolling_back", "{run:?}");
        assert_eq!(calls_of(&stack, "delete_organization").len(), 0, "{unknown}");
        stack.simulator().set_switch("child-count", "shown")?;
        assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
        assert_eq!(stack.in_secureauth("1876"), nothing());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_is_stuck_when_the_number_of_children_stays_unknown() -> Outcome {
    let stack = start(options().set("ROLLBACK_TIME_LIMIT", "1s"), "1876", 1).await?;
    stack.simulator().set_switch("child-count", "absent")?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("create_pool", refusal(422, false)));
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("not_rolled_back"))
    );
    assert_eq!(calls_of(&stack, "delete_organization").len(), 0);
    let told = stack.handler().run(&["list", "--stuck"]).await?;
    assert!(told.contains("left in SecureAuth: organization 1876"), "{told}");
    stack.simulator().set_switch("child-count", "shown")?;
    assert_eq!(resume(&stack, &run).await?.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_lets_nobody_in_is_none() -> Outcome {
    for (switch, value) in [("idp-disabled", "on"), ("idp-method", "oidc")] {
        let stack = stack_with("1876", 1).await?;
        stack.simulator().set_switch(switch, value)?;
        let run = enable(&stack, "1876").await?;
        assert_eq!(
            (run.state.as_str(), run.reason.as_deref()),
            ("failed", Some("pool_without_idp")),
            "{switch}"
        );
        assert_eq!(stack.in_secureauth("1876"), nothing());
        assert_eq!(pools_of(&stack, "1876"), Vec::<String>::new());
        assert_eq!(
            calls_of(&stack, "export_configuration").len(),
            0,
            "the pool's own list tells"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_403_to_the_check_of_the_provider_is_waited_out_and_is_no_check() -> Outcome {
    let stack = start(patient(), "1876", 1).await?;
    let forbidden = FaultKind::Status(secureauth_simulator::FaultStatus {
        status: 403,
        error_code: Some("request_forbidden".into()),
        ..secureauth_simulator::FaultStatus::default()
    });
    stack.simulator().faults().add(Fault::on("list_pool_idps", forbidden));
    let run = enable_until_it_waits(&stack, "1876").await?;
    assert_eq!(run.waiting_for.as_deref(), Some("secureauth_unavailable"));
    let journal = stack.database().journal(&run.onboarding_id)?;
    assert!(journal.iter().all(|entry| entry.entry != "idp_checked"));
    let run = resume(&stack, &run).await?;
    assert_eq!(run.state, "succeeded");
    let checked: Vec<Value> = crate::support::entries(&stack, &run, "idp_checked")?;
    assert_eq!(checked[0]["result"], "present");
    Ok(())
}
