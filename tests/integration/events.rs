//! The CRM's toggle and the Wizard over HTTP (docs/ARCHITECTURE.md#event-table), and the sentences that people read
//! (docs/requirements.md#t3, docs/requirements.md#f1, docs/requirements.md#f2).

use serde_json::{Value, json};

use crate::support::{
    DEADLINE, Outcome, add_biller, assert_understood, disable, enable, ended, live, nothing, options,
    remove_organization, stack_with, start, status, toggle,
};

const T3: &str = "Enabling CIAM will initiate the creation of your organization and all its associated users in SecureAuth. Please wait while the setup completes.";
const F1: &str = "Organization and users successfully created in SecureAuth.";
const F2: &str = "An error occurred during Organization or user creation. Please contact support.";

#[tokio::test(flavor = "multi_thread")]
async fn a_toggle_to_yes_onboards_the_biller_and_the_crm_reads_how_far_it_is() -> Outcome {
    let stack = stack_with("1876", 3).await?;
    let answer = stack.front_door().post("1876", &toggle(true, "e-1")).await?;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.header("location"), Some("/api/billers/1876/ciam"));
    assert_eq!(answer.header("retry-after"), Some("2"));
    let id = answer.text_at("/onboardingId").to_owned();
    assert_eq!(
        answer.json,
        json!({"onboardingId": id, "billerId": "1876", "kind": "enable", "status": "processing", "message": T3,
            "statusUrl": "/api/billers/1876/ciam", "retryAfterSeconds": 2})
    );
    let run = ended(&stack, "1876", &answer).await?;
    assert_eq!(run.state, "succeeded");
    let shown = status(&stack, "1876").await?;
    assert_eq!(shown.text_at("/status"), "active");
    assert_eq!(shown.text_at("/message"), F1);
    assert_eq!(shown.text_at("/ciamStatus"), "active");
    assert_eq!(shown.json["ciamEnabled"], true);
    assert_eq!(shown.json["completedWithIssues"], false);
    assert_eq!(shown.text_at("/organizationId"), "1876");
    assert!(shown.json["activationDate"].is_string());
    assert_eq!(shown.text_at("/onboarding/correlationId"), id);
    assert_eq!(
        shown.json["onboarding"]["progress"],
        json!({"usersTotal": 3, "imported": 3, "changed": 0, "deactivated": 0, "reactivated": 0, "linked": 0,
            "alreadyPresent": 0, "skipped": 0, "failed": 0})
    );
    assert_eq!(stack.in_secureauth("1876"), live(3));
    assert_understood(&stack);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_crm_s_own_columns_are_set_when_a_biller_becomes_active() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    assert_eq!(stack.crm().product_ciam("1876")?, None);
    let run = enable(&stack, "1876").await?;
    let product = stack.crm().product_ciam("1876")?.expect("is set");
    assert_eq!(product.status, "Active");
    assert!(product.toggle_on && product.activation_date.is_some());
    assert_eq!(product.onboarding_id, run.onboarding_id);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_biller_wizard_submission_onboards_when_its_checkbox_is_set() -> Outcome {
    let stack = stack_with("1876", 0).await?;
    let unset = stack.front_door().wizard("1876", false).await?;
    assert_eq!(
        (unset.status, unset.text_at("/message")),
        (200, "There is nothing to do.")
    );
    assert!(stack.database().runs()?.is_empty());
    let set = stack.front_door().wizard("1876", true).await?;
    assert_eq!(set.status, 202);
    assert_eq!(ended(&stack, "1876", &set).await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wizard_submission_for_a_biller_that_is_not_visible_yet_may_be_repeated() -> Outcome {
    let stack = stack_with("1876", 0).await?;
    let answer = stack.front_door().wizard("1877", true).await?;
    assert_eq!((answer.status, answer.header("retry-after")), (404, Some("5")));
    assert_eq!(answer.json["retryable"], true);
    let toggled = stack.front_door().toggle("1877", true).await?;
    assert_eq!((toggled.status, toggled.header("retry-after")), (404, None));
    assert_eq!(toggled.text_at("/code"), "biller_not_found");
    assert_eq!(stack.front_door().status("1877").await?.status, 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn biller_ids_are_compared_byte_for_byte() -> Outcome {
    let stack = stack_with("Acme", 0).await?;
    assert_eq!(stack.front_door().toggle("acme", true).await?.status, 404);
    assert_eq!(stack.front_door().toggle("Acme", true).await?.status, 202);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_toggle_while_one_is_running_joins_it_and_the_opposite_is_refused() -> Outcome {
    // Without the queue function nobody works on the run, so it stays open for as long as the test needs.
    let frozen = options().set("AzureWebJobs.function-migrate-users.Disabled", "true");
    let stack = start(frozen, "1876", 1).await?;
    let first = stack.front_door().toggle("1876", true).await?;
    let second = stack.front_door().toggle("1876", true).await?;
    assert_eq!((first.status, second.status), (202, 202));
    assert_eq!(first.text_at("/onboardingId"), second.text_at("/onboardingId"));
    let opposite = stack.front_door().toggle("1876", false).await?;
    assert_eq!(
        (opposite.status, opposite.text_at("/code")),
        (409, "opposite_operation_running")
    );
    assert_eq!(opposite.text_at("/onboardingId"), first.text_at("/onboardingId"));
    assert_eq!(stack.database().runs()?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn toggles_that_arrive_at_once_start_one_run() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    let door = stack.front_door();
    let (one, two, three) = tokio::join!(
        door.toggle("1876", true),
        door.toggle("1876", true),
        door.wizard("1876", true)
    );
    for answer in [one?, two?, three?] {
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    stack.drain(DEADLINE).await?;
    let enables = stack.database().runs()?.into_iter().filter(|run| run.kind == "enable");
    assert_eq!(enables.count(), 1);
    assert_eq!(stack.in_secureauth("1876"), live(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_again_answers_with_its_run_and_another_body_is_refused() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let first = stack.front_door().post("1876", &toggle(true, "e-1")).await?;
    ended(&stack, "1876", &first).await?;
    let again = stack.front_door().post("1876", &toggle(true, "e-1")).await?;
    assert_eq!((again.status, again.text_at("/status")), (200, "active"));
    assert_eq!(again.text_at("/onboardingId"), first.text_at("/onboardingId"));
    let reused = stack.front_door().post("1876", &toggle(false, "e-1")).await?;
    assert_eq!((reused.status, reused.text_at("/code")), (409, "event_id_reused"));
    // Event ids belong to a biller: another biller may use the same one.
    add_biller(&stack, "1877", 0)?;
    let other = stack.front_door().post("1877", &toggle(true, "e-1")).await?;
    assert_eq!(other.status, 202);
    assert_eq!(stack.database().runs_of("1876")?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_for_a_biller_that_is_not_active_is_nothing_to_do_and_never_calls_secureauth() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let before = stack.simulator().calls().len();
    let answer = stack.front_door().toggle("1876", false).await?;
    assert_eq!((answer.status, answer.text_at("/status")), (200, "not_enabled"));
    stack.drain(DEADLINE).await?;
    assert!(stack.database().runs()?.is_empty());
    assert_eq!(stack.simulator().calls().len(), before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn toggle_no_deactivates_the_organization_and_keeps_its_users_and_yes_brings_it_back() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    enable(&stack, "1876").await?;
    let first_date = stack.database().biller("1876")?.expect("is there").activation_date;
    let off = stack.front_door().toggle("1876", false).await?;
    assert_eq!(off.text_at("/message"), "CIAM is being disabled.");
    assert_eq!(off.text_at("/kind"), "disable");
    assert_eq!(ended(&stack, "1876", &off).await?.state, "succeeded");
    let shown = status(&stack, "1876").await?;
    assert_eq!(shown.text_at("/status"), "inactive");
    assert_eq!(shown.text_at("/message"), "CIAM has been disabled.");
    let there = stack.in_secureauth("1876");
    assert_eq!((there.deactivated, there.users), (Some(true), 2));
    let product = stack.crm().product_ciam("1876")?.expect("is set");
    assert_eq!((product.status.as_str(), product.toggle_on), ("Inactive", false));
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(2));
    let second_date = stack.database().biller("1876")?.expect("is there").activation_date;
    assert!(second_date > first_date, "active again, a new date");
    assert_understood(&stack);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_a_biller_whose_organization_is_gone_records_inactive() -> Outcome {
    let stack = stack_with("1876", 0).await?;
    enable(&stack, "1876").await?;
    remove_organization(&stack, "1876").await?;
    assert_eq!(disable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(status(&stack, "1876").await?.text_at("/status"), "inactive");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_request_names_the_member_and_stores_nothing() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let door = stack.front_door();
    let good = toggle(true, "e-1");
    let with = |member: &str, value: Value| {
        let mut body = good.clone();
        body[member] = value;
        body
    };
    for (member, body) in [
        ("source", with("source", json!("crm"))),
        ("ciamEnabled", with("ciamEnabled", json!("yes"))),
        ("requestedBy", with("requestedBy", json!(""))),
        ("eventId", with("eventId", json!("x".repeat(129)))),
        ("tier", with("tier", json!(2))),
    ] {
        let answer = door.post("1876", &body).await?;
        assert_eq!(
            (answer.status, answer.text_at("/member")),
            (400, member),
            "{}",
            answer.text
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json; charset=utf-8")
        );
    }
    for text in [" ", "{", "[]", "null"] {
        let answer = door.post_text("1876", text).await?;
        assert_eq!((answer.status, answer.text_at("/member")), (400, "body"), "{text}");
    }
    let id = door.post("18.76", &good).await?;
    assert_eq!((id.status, id.text_at("/member")), (400, "billerId"));
    assert!(stack.database().runs()?.is_empty());
    assert_understood(&stack);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversize_body_is_refused_with_413_however_large() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    for bytes in [70_000, 20_000_000] {
        let answer = stack.front_door().post_text("1876", "x".repeat(bytes)).await?;
        assert_eq!(
            (answer.status, answer.text_at("/code")),
            (413, "body_too_large"),
            "{bytes}"
        );
    }
    assert_understood(&stack);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_biller_without_a_name_is_refused_before_anything_is_stored() -> Outcome {
    let stack = stack_with("1876", 0).await?;
    stack.crm().add_biller("1877", None)?;
    stack.crm().add_biller("1878", "   ")?;
    for biller in ["1877", "1878"] {
        let answer = stack.front_door().toggle(biller, true).await?;
        assert_eq!((answer.status, answer.text_at("/code")), (409, "biller_without_name"));
    }
    assert!(stack.database().runs()?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_wizard_run_tells_people_where_to_try_again() -> Outcome {
    use secureauth_simulator::{Fault, FaultKind, FaultStatus};
    let stack = stack_with("1876", 1).await?;
    let refusal = FaultStatus {
        status: 422,
        ..FaultStatus::default()
    };
    stack
        .simulator()
        .faults()
        .add(Fault::on("create_organization", FaultKind::Status(refusal)));
    let answer = stack.front_door().wizard("1876", true).await?;
    assert_eq!(ended(&stack, "1876", &answer).await?.state, "failed");
    let shown = status(&stack, "1876").await?;
    assert_eq!((shown.text_at("/status"), shown.text_at("/message")), ("failed", F2));
    assert_eq!(shown.text_at("/onboarding/retryFrom"), "Product > CIAM");
    assert_eq!(shown.text_at("/ciamStatus"), "not_enabled");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    stack.simulator().faults().clear();
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(1));
    Ok(())
}
