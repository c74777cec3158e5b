//! Users: import, data errors and sync (docs/requirements.md#u1, docs/requirements.md#u2), and organizations that
//! existed before (docs/requirements.md#v1).

use local_stack::{Stack, UserRow};
use secureauth_simulator::{Fault, Seed};
use serde_json::json;

use crate::payload_schema::{UNWANTED, stack_with_unknown_dialect};
use crate::support::{
    DEADLINE, IMPORT, Outcome, assert_understood, calls_of, enable, live, nothing, options, refusal, stack_with, start,
    status, users_in_secureauth,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_biller_with_more_users_than_a_page_gets_every_one_of_them() -> Outcome {
    let stack = start(options().patient().set("USERS_PER_PAGE", "100"), "1876", 450).await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 450));
    assert_eq!(stack.in_secureauth("1876"), live(450));
    assert_eq!(stack.database().users_onboarded("1876")?, 450);
    assert_eq!(calls_of(&stack, IMPORT).len(), 5, "at most 100 users per call");
    assert_understood(&stack);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_slice_that_is_over_sends_the_message_for_the_next_one() -> Outcome {
    let short = options().set("SLICE_SECONDS", "1ms").set("USERS_PER_PAGE", "100");
    let stack = start(short, "1876", 300).await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 300));
    let invocations = stack.host().invocations().into_iter();
    let time_slices = invocations
        .filter(|invocation| invocation.function == "function-migrate-users")
        .count();
    assert!(time_slices > 3, "{time_slices} time slices");
    assert_eq!(stack.in_secureauth("1876"), live(300));
    Ok(())
}

fn bad_users() -> Vec<UserRow> {
    let mut blank = UserRow::sample("1876", 900);
    blank.user_name = Some("two words".into());
    let mut address = UserRow::sample("1876", 901);
    address.email = Some("nobody".into());
    let mut keyless = UserRow::sample("1876", 902);
    keyless.user_guid = None;
    vec![blank, address, keyless]
}

#[tokio::test(flavor = "multi_thread")]
async fn data_errors_fail_the_run_before_anything_is_written_to_secureauth() -> Outcome {
    let stack = stack_with("1876", 20).await?;
    stack.crm().add_users("1876", &bad_users())?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("invalid_users"))
    );
    let shown = status(&stack, "1876").await?;
    assert_eq!(shown.number_at("/onboarding/issuesTotal"), 3);
    let issues = shown.json["onboarding"]["issues"].as_array().expect("a list").clone();
    let found: Vec<(&str, &str)> = issues
        .iter()
        .map(|issue| {
            (
                issue["field"].as_str().unwrap_or_default(),
                issue["code"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    for expected in [("user_name", "invalid"), ("email", "invalid"), ("user_guid", "missing")] {
        assert!(found.contains(&expected), "{found:?}");
    }
    assert!(
        !shown.text.contains("two words") && !shown.text.contains("nobody"),
        "{}",
        shown.text
    );
    assert_eq!(stack.in_secureauth("1876"), nothing());
    let wrote = stack
        .simulator()
        .calls()
        .into_iter()
        .any(|call| call.method != "GET" && call.operation.as_deref() != Some("token"));
    assert!(!wrote, "nothing was written");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn data_errors_are_skipped_where_that_is_wanted_and_the_status_says_so() -> Outcome {
    let stack = start(
        options()
            .set("ON_INVALID_USER", "skip")
            .set("MAX_SKIPPED_PERCENT", "20"),
        "1876",
        20,
    )
    .await?;
    stack.crm().add_users("1876", &bad_users())?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported, run.skipped), ("succeeded", 20, 3));
    let shown = status(&stack, "1876").await?;
    assert_eq!(shown.json["completedWithIssues"], true);
    assert_eq!(stack.in_secureauth("1876"), live(20));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn skipping_stops_where_too_many_users_are_invalid() -> Outcome {
    let stack = start(options().set("ON_INVALID_USER", "skip"), "1876", 20).await?;
    stack.crm().add_users("1876", &bad_users())?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("invalid_users"))
    );
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_secureauth_refuses_is_found_alone_and_everything_is_rolled_back() -> Outcome {
    let stack = stack_with_unknown_dialect(options(), 150).await?;
    let refused = refuse_user(&stack, UserRow::sample("1876", 77))?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("invalid_users"))
    );
    let shown = status(&stack, "1876").await?;
    assert_eq!(
        shown.json["onboarding"]["issues"],
        json!([{"userGuid": refused, "field": "user", "code": "refused"}])
    );
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_secureauth_refuses_is_left_out_where_that_is_wanted() -> Outcome {
    let stack = stack_with_unknown_dialect(options().set("ON_INVALID_USER", "skip"), 150).await?;
    refuse_user(&stack, UserRow::sample("1876", 77))?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported, run.skipped), ("succeeded", 149, 1));
    assert_eq!(stack.in_secureauth("1876"), live(149));
    Ok(())
}

/// Gives an existing or a new user a first name that SecureAuth refuses and our own check cannot judge. Returns the user's GUID.
fn refuse_user(stack: &Stack, user: UserRow) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let refused = UserRow {
        first_name: Some(UNWANTED.into()),
        ..user
    };
    if stack.crm().replace_user("1876", &refused)? == 0 {
        stack.crm().add_users("1876", std::slice::from_ref(&refused))?;
    }
    Ok(refused.user_guid)
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_users_are_left_out_and_counted_and_absent_names_are_left_out_of_the_payload() -> Outcome {
    let stack = stack_with("1876", 3).await?;
    let mut gone = UserRow::sample("1876", 50);
    gone.status = Some("deleted".into());
    let mut nameless = UserRow::sample("1876", 51);
    nameless.first_name = None;
    nameless.last_name = Some(String::new());
    stack.crm().add_users("1876", &[gone, nameless])?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported, run.skipped), ("succeeded", 4, 1));
    assert_eq!(stack.in_secureauth("1876"), live(4));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn yes_on_an_active_biller_adds_new_users_and_changes_changed_ones_and_keeps_the_date() -> Outcome {
    let stack = stack_with("1876", 5).await?;
    enable(&stack, "1876").await?;
    let date = stack.database().biller("1876")?.expect("is there").activation_date;
    stack
        .crm()
        .add_users("1876", &[UserRow::sample("1876", 60), UserRow::sample("1876", 61)])?;
    let mut renamed = UserRow::sample("1876", 2);
    renamed.last_name = Some("Renamed".into());
    renamed.status = Some("inactive".into());
    assert_eq!(stack.crm().replace_user("1876", &renamed)?, 1);
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("sync", "succeeded"));
    assert_eq!((run.imported, run.changed, run.deactivated), (2, 0, 1));
    assert_eq!(run.already_present, 4);
    assert_eq!(stack.in_secureauth("1876"), live(7));
    assert_eq!(
        stack.database().biller("1876")?.expect("is there").activation_date,
        date
    );
    let names = users_in_secureauth(&stack, "1876");
    let changed: Vec<_> = names
        .iter()
        .filter(|user| user.payload["last_name"] == "Renamed")
        .collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].status, "inactive");
    assert_understood(&stack);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_goes_on_whatever_is_wrong_with_single_users() -> Outcome {
    let stack = stack_with_unknown_dialect(options(), 150).await?;
    enable(&stack, "1876").await?;
    let guid = refuse_user(&stack, UserRow::sample("1876", 500))?.unwrap_or_default();
    let mut invalid = UserRow::sample("1876", 501);
    invalid.email = Some("no address".into());
    stack
        .crm()
        .add_users("1876", &[invalid, UserRow::sample("1876", 200)])?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("sync", "succeeded"));
    assert_eq!((run.imported, run.skipped, run.failed), (1, 2, 0));
    let view = status(&stack, "1876").await?;
    assert_eq!(view.text_at("/status"), "active");
    assert_eq!(view.json.pointer("/completedWithIssues"), Some(&json!(true)));
    assert!(view.json["onboarding"]["issues"].to_string().contains(&guid));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_deletes_the_users_it_imported_and_keeps_what_it_changed() -> Outcome {
    let stack = stack_with("1876", 150).await?;
    enable(&stack, "1876").await?;
    let before = users_in_secureauth(&stack, "1876");
    let biller = stack.database().biller("1876")?;
    let mut renamed = UserRow::sample("1876", 2);
    renamed.last_name = Some("Renamed".into());
    stack.crm().replace_user("1876", &renamed)?;
    stack
        .crm()
        .add_users("1876", &[UserRow::sample("1876", 200), UserRow::sample("1876", 201)])?;
    stack.simulator().clear_calls();
    // The third read of the pool is the verification.
    stack
        .simulator()
        .faults()
        .add(Fault::on("get_pool", refusal(422, false)).nth(3));
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("sync", "failed"));
    assert_eq!(calls_of(&stack, "import_identity_configuration").len(), 1);
    let mut expected = before;
    let changed = expected
        .iter_mut()
        .find(|user| user.identifiers == renamed.user_name.as_slice());
    changed.expect("is there").payload["last_name"] = json!("Renamed");
    assert!(users_in_secureauth(&stack, "1876") == expected);
    assert_eq!(stack.database().accounts("1876")?.len(), 150);
    assert_eq!(stack.database().biller("1876")?, biller);
    assert_eq!(stack.in_secureauth("1876"), live(150));
    assert_eq!(status(&stack, "1876").await?.text_at("/ciamStatus"), "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_deactivated_organization_is_used_and_activated() -> Outcome {
    let stack = stack_with("1876", 4).await?;
    let old = json!({"id": "1876", "name": "Old", "parent_id": "invoice-cloud", "deactivated": true});
    stack.simulator().seed(Seed::default().organization(&old))?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 4));
    assert_eq!(stack.in_secureauth("1876"), live(4));
    let entries: Vec<String> = stack
        .database()
        .journal(&run.onboarding_id)?
        .into_iter()
        .map(|entry| entry.entry)
        .collect();
    assert!(entries.contains(&"organization_found".to_owned()), "{entries:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_below_another_parent_is_not_touched() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let foreign = json!({"id": "1876", "name": "Foreign", "parent_id": "elsewhere"});
    let elsewhere = Seed {
        workspaces: vec!["elsewhere".into()],
        ..Seed::default()
    };
    stack.simulator().seed(elsewhere.organization(&foreign))?;
    let before = stack.in_secureauth("1876");
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("organization_elsewhere"))
    );
    let shown = status(&stack, "1876").await?;
    let cause = shown.json["onboarding"]["firstCause"]["cause"]
        .as_str()
        .unwrap_or_default();
    assert!(
        cause.starts_with("the organization 1876 is below elsewhere, not below "),
        "{cause}"
    );
    assert_eq!(stack.in_secureauth("1876"), before);
    stack.drain(DEADLINE).await?;
    Ok(())
}
