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
    stack.simulator().seed(found(&["email_otp", "webauthn", "totp"]))?;
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect(
        "organization",
        "1876 exists below invoice-cloud, deactivated, would be activated, without marker, does not allow password, sms_otp",
    );
    let not_possible = "not possible, because an e-mail code is sent to verified addresses only, and ADDRESS_VERIFIED is \
                        `false`";
    told.expect("first sign-in", not_possible);
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let organization = somebody.organization("1876").await?;
    assert_eq!(
        names(&organization["authentication_mechanisms"]),
        ["email_otp", "webauthn", "totp"]
    );
    let text = stack.handler().run(&["status", "1876"]).await?;
    assert!(
        text.contains("not allowed   the organization does not allow password, sms_otp\n"),
        "{text}"
    );
    assert!(text.contains(&format!("first sign-in {not_possible}\n")), "{text}");
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
async fn a_found_pool_that_differs_in_the_skipping_of_the_second_factor_is_said_to() -> Outcome {
    let stack = start(options().set("SECOND_FACTOR_MECHANISMS", "totp"), "1876", 1).await?;
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
    told.expect(
        "first sign-in",
        &format!("{BY_RESET}, in a new pool; the one that exists keeps other settings"),
    );
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(
        entries(&stack, &run, "pool_found")?[0]["differs_in"],
        json!(["allow_skip_2fa"])
    );
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
