//! First and second factors, from the settings to what SecureAuth holds and what people are told.

use reqwest::Method;
use secureauth_simulator::{Fault, Seed};
use serde_json::{Value, json};

use local_stack::{Stack, UserRow};

use crate::planning::plan;
use crate::support::{
    Outcome, SomebodyElse, enable, enable_until_it_waits, entries, nothing, options, patient, pools_of, refusal,
    resume, stack_with, start, status, users_in_secureauth,
};

const BY_RESET: &str = "by a password reset, with user name and e-mail address";

fn with_second_factor() -> local_stack::StackOptions {
    options().set("SECOND_FACTOR_MECHANISMS", "sms_otp, totp")
}

fn names(value: &Value) -> Vec<String> {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

/// Biller 1876's organization, which somebody else made.
fn found(mechanisms: &[&str]) -> Seed {
    Seed::default().organization(&json!({
        "id": "1876", "name": "Old", "parent_id": "invoice-cloud", "deactivated": true,
        "authentication_mechanisms": mechanisms,
    }))
}

/// `allowed_for_2fa` of all e-mail addresses of biller 1876's users, in the order of the addresses.
async fn allowed_for_2fa(stack: &Stack) -> Result<Vec<(String, bool)>, Box<dyn std::error::Error>> {
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    let pool = pools_of(stack, "1876").pop().expect("was created");
    let mut all = Vec::new();
    for user in users_in_secureauth(stack, "1876") {
        let shown = somebody.pool(&format!("{pool}/users/{}", user.id)).await?;
        let addresses = shown["verifiable_addresses"].as_array().cloned().unwrap_or_default();
        all.extend(addresses.iter().map(|it| {
            let address = it["address"].as_str().unwrap_or_default().to_owned();
            (address, it["allowed_for_2fa"] == true)
        }));
    }
    all.sort();
    Ok(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_organization_allows_first_and_second_factors_and_nothing_else() -> Outcome {
    let stack = start(with_second_factor(), "1876", 1).await?;
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let organization = somebody.organization("1876").await?;
    assert_eq!(
        names(&organization["authentication_mechanisms"]),
        ["totp", "password", "email_otp", "webauthn", "sms_otp"]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_does_not_allow_what_it_was_created_with_fails_the_run_before_the_import() -> Outcome {
    let stack = start(patient().set("RETRY_ATTEMPTS", "1"), "1876", 2).await?;
    let lost = Fault::on("create_organization", refusal(500, true));
    stack.simulator().faults().add(lost);
    let run = enable_until_it_waits(&stack, "1876").await?;
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let mut organization = somebody.organization("1876").await?;
    organization["authentication_mechanisms"] = json!(["password", "totp"]);
    somebody
        .system(Method::PUT, "organizations/1876", &organization)
        .await?;
    let run = resume(&stack, &run).await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("settings_ignored"))
    );
    let created = entries(&stack, &run, "organization_created")?;
    assert_eq!(created[0]["differs_in"], json!(["authentication_mechanisms"]));
    assert!(crate::support::calls_of(&stack, crate::support::IMPORT).is_empty());
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_found_organization_does_not_allow_is_said_and_never_changed() -> Outcome {
    let stack = start(with_second_factor(), "1876", 2).await?;
    stack.simulator().seed(found(&["password", "webauthn", "totp"]))?;
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect(
        "organization",
        "1876 exists below invoice-cloud, deactivated, would be activated, without marker, does not allow email_otp, sms_otp",
    );
    told.expect("first sign-in", BY_RESET);
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(allowed(&stack).await?, ["password", "webauthn", "totp"]);
    let text = stack.handler().run(&["status", "1876"]).await?;
    assert!(
        text.contains("not allowed   the organization does not allow email_otp, sms_otp\n"),
        "{text}"
    );
    Ok(())
}

/// The mechanisms of biller 1876's organization.
async fn allowed(stack: &Stack) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    let organization = somebody.organization("1876").await?;
    Ok(names(&organization["authentication_mechanisms"]))
}

const CODES_TO_VERIFIED: &str =
    "not possible, because an e-mail code is sent to verified addresses only, and ADDRESS_VERIFIED is `false`";

#[tokio::test(flavor = "multi_thread")]
async fn a_found_organization_that_lets_nobody_in_ends_the_run_before_the_first_write() -> Outcome {
    let stack = start(options(), "1876", 2).await?;
    stack.simulator().seed(found(&["email_otp", "webauthn"]))?;
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(1), "{}", told.why);
    told.expect("first sign-in", CODES_TO_VERIFIED);
    told.expect("outcome", "the run would not succeed: first_sign_in_not_possible");
    let before = stack.in_secureauth("1876");
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("first_sign_in_not_possible"))
    );
    assert!(crate::support::calls_of(&stack, "create_pool").is_empty());
    assert_eq!(stack.in_secureauth("1876"), before);
    assert_eq!(
        status(&stack, "1876").await?.text_at("/firstSignIn/path"),
        "not_possible"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_people_get_credentials_in_another_way_the_run_goes_on_and_the_truth_is_told() -> Outcome {
    let stack = start(options().set("FIRST_SIGN_IN", "none"), "1876", 2).await?;
    stack.simulator().seed(found(&["email_otp", "webauthn"]))?;
    assert_eq!(plan(&stack, "1876").await?.code, Some(0));
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    let text = stack.handler().run(&["status", "1876"]).await?;
    assert!(text.contains(&format!("first sign-in {CODES_TO_VERIFIED}\n")), "{text}");
    let told = status(&stack, "1876").await?;
    assert_eq!(told.text_at("/firstSignIn/path"), "not_possible");
    assert_eq!(told.text_at("/firstSignIn/message"), CODES_TO_VERIFIED);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_goes_on_where_the_organization_lets_nobody_in_any_more_and_get_says_so() -> Outcome {
    let stack = start(options(), "1876", 3).await?;
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let mut organization = somebody.organization("1876").await?;
    organization["authentication_mechanisms"] = json!(["webauthn"]);
    somebody
        .system(Method::PUT, "organizations/1876", &organization)
        .await?;
    let leaver = UserRow::sample("1876", 3).user_guid.unwrap_or_default();
    stack.crm().remove_user("1876", &leaver)?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.deactivated), ("succeeded", 1));
    assert_eq!(
        status(&stack, "1876").await?.text_at("/firstSignIn/path"),
        "not_possible"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_factor_may_be_skipped_unless_a_setting_says_no() -> Outcome {
    for (value, allowed) in [("true", true), ("false", false)] {
        let options = options()
            .set("SECOND_FACTOR_MECHANISMS", "email_otp")
            .set("ADDRESS_VERIFIED", "true")
            .set("ALLOW_SKIP_2FA", value);
        let stack = start(options, "1876", 1).await?;
        assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
        let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
        let pool = somebody.pool(&pools_of(&stack, "1876")[0]).await?;
        assert_eq!(pool["allow_skip_2fa"], json!(allowed));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sign_in_into_a_found_pool_follows_from_that_pool_and_not_from_the_settings() -> Outcome {
    let settings = options()
        .set("SECOND_FACTOR_MECHANISMS", "totp")
        .set("FIRST_SIGN_IN", "none");
    let stack = start(settings, "1876", 1).await?;
    let factors = ["totp", "password", "email_otp", "webauthn"];
    let pool = json!({"id": "old", "name": "Old", "workspace_id": "1876", "authentication_mechanisms": factors,
        "preferred_authentication_mechanism": "password", "identifier_case_insensitive": true,
        "second_factor_authentication_mechanisms": ["totp"],
        "second_factor_preferred_authentication_mechanism": "totp",
        "payload_schema_id": stack.handler().settings()["SECUREAUTH_PAYLOAD_SCHEMA_ID"]});
    stack.simulator().seed(found(&factors).pool(&pool))?;
    let told = plan(&stack, "1876").await?;
    told.expect(
        "pool",
        "old exists, without marker, would keep other settings: allow_skip_2fa",
    );
    let nobody =
        "not possible, because nobody has a second factor yet, and the pool lets nobody skip it (ALLOW_SKIP_2FA)";
    told.expect("first sign-in", nobody);
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(
        entries(&stack, &run, "pool_found")?[0]["differs_in"],
        json!(["allow_skip_2fa"])
    );
    assert_eq!(status(&stack, "1876").await?.text_at("/firstSignIn/message"), nobody);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_and_later_addresses_are_allowed_for_the_second_factor_unless_a_setting_says_no() -> Outcome {
    for (value, allowed) in [("true", true), ("false", false)] {
        let stack = start(options().set("ADDRESS_ALLOWED_FOR_2FA", value), "1876", 2).await?;
        assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
        let imported = allowed_for_2fa(&stack).await?;
        assert_eq!(imported.iter().map(|it| it.1).collect::<Vec<_>>(), [allowed, allowed]);
        let moved = UserRow {
            email: Some("elsewhere@example.com".into()),
            ..UserRow::sample("1876", 2)
        };
        assert_eq!(stack.crm().replace_user("1876", &moved)?, 1);
        assert_eq!(enable(&stack, "1876").await?.changed, 1);
        let after = allowed_for_2fa(&stack).await?;
        assert!(
            after.contains(&("elsewhere@example.com".to_owned(), allowed)),
            "{after:?}"
        );
        assert_eq!(after.len(), 2);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_status_and_get_say_how_people_sign_in_for_the_first_time() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let before = status(&stack, "1876").await?;
    assert_eq!(before.text_at("/firstSignIn/message"), BY_RESET);
    plan(&stack, "1876").await?.expect("first sign-in", BY_RESET);
    enable(&stack, "1876").await?;
    let text = stack.handler().run(&["status", "1876"]).await?;
    assert!(text.contains(&format!("first sign-in {BY_RESET}\n")), "{text}");
    let after = status(&stack, "1876").await?;
    assert_eq!(after.text_at("/firstSignIn/path"), "password_reset");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_keeps_its_factors_whatever_is_deployed_meanwhile() -> Outcome {
    let mut stack = start(patient().set("RETRY_ATTEMPTS", "1"), "1876", 2).await?;
    let lost = Fault::on("create_organization", refusal(500, true)).nth(1);
    stack.simulator().faults().add(lost);
    let run = enable_until_it_waits(&stack, "1876").await?;
    stack.deploy("SECOND_FACTOR_MECHANISMS", "sms_otp, totp").await?;
    assert_eq!(resume(&stack, &run).await?.state, "succeeded");
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let pool = somebody.pool(&pools_of(&stack, "1876")[0]).await?;
    assert_eq!(
        names(&pool["second_factor_authentication_mechanisms"]),
        Vec::<String>::new()
    );
    let told = plan(&stack, "1876").await?;
    told.expect(
        "organization",
        "1876 exists below invoice-cloud, live, with the marker of an earlier run, does not allow sms_otp",
    );
    Ok(())
}
