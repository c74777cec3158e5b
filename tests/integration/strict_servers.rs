//! Servers that are newer or stricter than the specification: members that no specification has, and newer mechanisms.

use serde_json::Value;

use crate::support::{Outcome, SomebodyElse, calls_of, disable, enable, live, options, pools_of, stack_with, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_no_specification_has_goes_back_as_it_was_read() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    stack.simulator().set_switch("newer-member", "kept")?;
    let member = async || -> Result<Value, Box<dyn std::error::Error>> {
        let organization = SomebodyElse::in_secureauth_of(&stack)
            .await?
            .organization("1876")
            .await?;
        Ok(organization["data_residency"].clone())
    };
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    let first = member().await?;
    assert!(first.is_object(), "{first}");
    assert_eq!(disable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(member().await?, first);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_a_member_it_shows_gets_the_organization_without_it() -> Outcome {
    for status in ["400", "422"] {
        let stack = stack_with("1876", 2).await?;
        stack.simulator().set_switch("newer-member", status)?;
        let run = enable(&stack, "1876").await?;
        assert_eq!((run.state.as_str(), run.reason), ("succeeded", None));
        assert_eq!(stack.in_secureauth("1876"), live(2));
        let answers: Vec<u16> = calls_of(&stack, "update_organization")
            .iter()
            .filter_map(|call| call.status)
            .collect();
        assert_eq!(answers, [status.parse()?, 200]);
        let named = |lines: &[functions_host::ConsoleLine]| {
            let named = lines.iter().filter(|line| line.text.contains("data_residency"));
            named.count() == 1
        };
        stack.host().wait_for_console(crate::support::DEADLINE, named).await?;
        assert_eq!(disable(&stack, "1876").await?.state, "succeeded");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn new_pools_get_any_mechanism_of_the_specification() -> Outcome {
    let first = "totp, password, otp, email_otp, sms_otp, voice_otp, webauthn, usernameless_webauthn";
    let second = "push, symbol, qr_code";
    let options = options()
        .set("AUTHENTICATION_MECHANISMS", first)
        .set("SECOND_FACTOR_MECHANISMS", second);
    let stack = start(options, "1876", 1).await?;
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let pool = somebody.pool(&pools_of(&stack, "1876")[0]).await?;
    let named = |member: &str| -> Vec<String> { serde_json::from_value(pool[member].clone()).unwrap_or_default() };
    assert_eq!(named("authentication_mechanisms").join(", "), first);
    assert_eq!(named("second_factor_authentication_mechanisms").join(", "), second);
    Ok(())
}
