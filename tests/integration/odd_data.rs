//! Odd values in the CRM's views: damaged texts, padding, hidden characters, international domains, names of billers
//! (docs/ARCHITECTURE.md#user-data).

use local_stack::{Stack, UserRow};
use serde_json::{Value, json};

use crate::support::{
    IMPORT, Outcome, assert_understood, calls_of, enable, live, nothing, options, stack_with, start, status,
    users_in_secureauth,
};

const BILLER: &str = "1876";

async fn issues(stack: &Stack) -> Result<Value, Box<dyn std::error::Error>> {
    Ok(status(stack, BILLER).await?.json["onboarding"]["issues"].clone())
}

fn guid(row: &UserRow) -> String {
    row.user_guid.clone().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_text_is_a_data_error_of_its_row_and_everybody_else_is_brought_in_line() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    let damaged = guid(&UserRow::sample(BILLER, 2));
    let expected = json!([{"userGuid": damaged, "field": "first_name", "code": "unreadable"}]);
    assert_eq!(stack.crm().damage_first_name(&damaged)?, 1);
    let run = enable(&stack, BILLER).await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("invalid_users"))
    );
    assert_eq!(issues(&stack).await?, expected);
    assert_eq!(stack.in_secureauth(BILLER), nothing());
    stack.crm().replace_user(BILLER, &UserRow::sample(BILLER, 2))?;
    assert_eq!(enable(&stack, BILLER).await?.state, "succeeded");
    stack.crm().damage_first_name(&damaged)?;
    stack.crm().add_users(BILLER, &[UserRow::sample(BILLER, 9)])?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!(
        (run.state.as_str(), run.imported, run.already_present),
        ("succeeded", 1, 4)
    );
    assert_eq!(issues(&stack).await?, expected);
    assert_eq!(stack.in_secureauth(BILLER), live(6));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_a_biller_with_a_data_error_is_refused_and_named_before_anything_is_stored() -> Outcome {
    let stack = stack_with(BILLER, 1).await?;
    for (name, code) in [
        (b"K\xc3" as &[u8], "unreadable"),
        (b"Smith\nSons", "hidden_character"),
        (b"Smith\0", "hidden_character"),
        ("Smith\u{202e}snoS".as_bytes(), "hidden_character"),
    ] {
        stack.crm().rename_biller(BILLER, name)?;
        let answer = stack.front_door().toggle(BILLER, true).await?;
        assert_eq!((answer.status, answer.text_at("/code")), (409, "biller_name_invalid"));
        assert_eq!(
            (answer.text_at("/field"), answer.text_at("/fieldCode")),
            ("biller_name", code)
        );
        assert_eq!(status(&stack, BILLER).await?.status, 200);
        let plan = stack.handler().output(&["plan", BILLER]).await?;
        let told = String::from_utf8(plan.stderr)?;
        let expected = format!("no run would start: biller_name_invalid: BillerName is {code}");
        assert_eq!(
            (plan.status.code(), told.lines().last()),
            (Some(1), Some(expected.as_str()))
        );
        stack.handler().run(&["list"]).await?;
    }
    assert!(stack.database().runs()?.is_empty());
    stack.crm().rename_biller(BILLER, b"  Smith & Sons \r\n")?;
    assert_eq!(enable(&stack, BILLER).await?.state, "succeeded");
    let organizations = stack.simulator().inventory().organizations;
    assert!(
        organizations
            .iter()
            .any(|it| it.id == BILLER && it.name == "Smith & Sons")
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_active_biller_whose_name_has_a_data_error_keeps_its_name_and_its_sync_says_so() -> Outcome {
    let stack = stack_with(BILLER, 2).await?;
    enable(&stack, BILLER).await?;
    let name = |stack: &Stack| {
        let mut organizations = stack.simulator().inventory().organizations.into_iter();
        organizations.find(|it| it.id == BILLER).map(|it| it.name)
    };
    let before = name(&stack);
    stack.crm().rename_biller(BILLER, b"K\xc3")?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("sync", "succeeded"));
    assert_eq!(
        issues(&stack).await?,
        json!([{"userGuid": null, "field": "biller_name", "code": "unreadable"}])
    );
    assert_eq!(name(&stack), before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn padding_and_the_case_of_a_status_are_no_difference_and_nothing_is_sent_again() -> Outcome {
    let stack = stack_with(BILLER, 3).await?;
    let row = UserRow::sample(BILLER, 20);
    let pad = |text: &Option<String>| text.as_ref().map(|text| format!("{text}          "));
    let padded = UserRow {
        user_guid: pad(&row.user_guid),
        user_name: pad(&row.user_name),
        first_name: pad(&row.first_name),
        last_name: Some("   ".into()),
        email: pad(&row.email),
        status: Some("ACTIVE  ".into()),
    };
    stack.crm().add_users(BILLER, &[padded])?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 4));
    let shown = users_in_secureauth(&stack, BILLER);
    let name = row.user_name.clone().unwrap_or_default();
    let user = shown
        .iter()
        .find(|user| user.identifiers == [name.as_str()])
        .expect("is there");
    assert_eq!(user.payload["first_name"], json!(row.first_name));
    assert!(user.payload.get("last_name").is_none());
    assert_eq!(user.addresses[0].address, row.email.clone().unwrap_or_default());
    let sql = "UPDATE crm_biller_user SET user_name = trim(user_name), email = trim(email) || ' ', status = 'Active'";
    rusqlite::Connection::open(stack.database().path())?.execute(sql, [])?;
    stack.simulator().clear_calls();
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.changed, run.already_present), (0, 4));
    assert!(calls_of(&stack, IMPORT).is_empty() && calls_of(&stack, "update_user").is_empty());
    assert_understood(&stack);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_international_domain_is_sent_in_ascii_once() -> Outcome {
    let stack = stack_with(BILLER, 0).await?;
    let row = UserRow {
        email: Some("ann@bücher.example".into()),
        ..UserRow::sample(BILLER, 1)
    };
    stack.crm().add_users(BILLER, &[row])?;
    assert_eq!(enable(&stack, BILLER).await?.state, "succeeded");
    let shown = users_in_secureauth(&stack, BILLER);
    assert_eq!(shown[0].addresses[0].address, "ann@xn--bcher-kva.example");
    assert_eq!(enable(&stack, BILLER).await?.already_present, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verified_address_that_is_another_persons_user_name_is_found_before_the_first_write() -> Outcome {
    let stack = start(options().set("ADDRESS_VERIFIED", "true"), BILLER, 3).await?;
    let named = UserRow {
        user_name: Some("Shared@example.com".into()),
        ..UserRow::sample(BILLER, 20)
    };
    let addressed = UserRow {
        email: Some("shared@Example.com".into()),
        ..UserRow::sample(BILLER, 21)
    };
    let expected = json!([{"userGuid": guid(&addressed), "field": "email", "code": "held", "heldBy": guid(&named)}]);
    stack.crm().add_users(BILLER, &[named, addressed])?;
    stack.simulator().clear_calls();
    assert_eq!(enable(&stack, BILLER).await?.reason.as_deref(), Some("invalid_users"));
    assert_eq!(issues(&stack).await?, expected);
    let calls = stack.simulator().calls();
    assert!(
        calls
            .iter()
            .all(|call| call.method == "GET" || call.operation.as_deref() == Some("token"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn user_names_that_differ_in_case_are_two_people_where_the_pool_tells_case_apart() -> Outcome {
    let stack = start(options().set("IDENTIFIER_CASE_INSENSITIVE", "false"), BILLER, 0).await?;
    let with_name = |number, name: &str| UserRow {
        user_name: Some(name.into()),
        ..UserRow::sample(BILLER, number)
    };
    stack
        .crm()
        .add_users(BILLER, &[with_name(1, "Bob"), with_name(2, "bob")])?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 2));
    let mut names: Vec<_> = users_in_secureauth(&stack, BILLER)
        .into_iter()
        .flat_map(|it| it.identifiers)
        .collect();
    names.sort();
    assert_eq!(names, ["Bob", "bob"]);
    assert_eq!(enable(&stack, BILLER).await?.already_present, 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pools_name_has_letters_digits_and_blanks_only_whatever_the_biller_id() -> Outcome {
    let stack = start(options(), "-18_76-", 1).await?;
    stack.simulator().set_switch("pool-name-characters", "alphanumeric")?;
    assert_eq!(enable(&stack, "-18_76-").await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("-18_76-"), live(1));
    Ok(())
}
