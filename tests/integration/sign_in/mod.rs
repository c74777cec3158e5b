//! People sign in as people do, after the biller was enabled: with user name, address and mailbox, and no credential at first
//! (docs/SETTINGS.md#what-is-created).

mod table;

use local_stack::{Stack, UserRow, visit};
use secureauth_simulator::MessageKind;

use crate::support::{Outcome, disable, enable, options, start, users_in_secureauth};

const BILLER: &str = "1876";

fn person(number: u32) -> UserRow {
    UserRow::sample(BILLER, number)
}

fn come(stack: &Stack, row: &UserRow) -> String {
    visit(stack.simulator(), BILLER, row).to_string()
}

/// Id and pool of the person's user.
fn user_of(stack: &Stack, row: &UserRow) -> (String, String) {
    let name = row.user_name.as_deref().unwrap_or_default();
    let users = users_in_secureauth(stack, BILLER);
    let user = users
        .into_iter()
        .find(|user| user.identifiers.iter().any(|it| it == name));
    let pool = crate::support::pools_of(stack, BILLER).pop();
    (pool.expect("a pool"), user.expect("a user").id)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_default_settings_a_person_resets_a_password_and_the_biller_lets_nobody_in_before_and_after() -> Outcome {
    let stack = start(options(), BILLER, 3).await?;
    assert_eq!(come(&stack, &person(1)), "refused: no-such-workspace");
    assert_eq!(enable(&stack, BILLER).await?.state, "succeeded");
    let name = person(1).user_name.unwrap_or_default();
    assert_eq!(
        stack.simulator().may_sign_in(BILLER, &name).reason,
        "no-first-factor",
        "nobody comes with a credential"
    );
    assert_eq!(come(&stack, &person(1)), "password reset, signed in: password");
    assert_eq!(come(&stack, &person(1)), "signed in: password", "the password stays");
    let wrong = stack.simulator().sign_in_with_password(BILLER, &name, "guessed");
    assert_eq!(wrong.reason, "wrong-password");
    disable(&stack, BILLER).await?;
    assert_eq!(come(&stack, &person(1)), "refused: organization-deactivated");
    let (pool, user) = user_of(&stack, &person(1));
    assert_eq!(stack.simulator().sessions(&pool, &user), 0);
    enable(&stack, BILLER).await?;
    assert_eq!(come(&stack, &person(1)), "signed in: password");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_deactivated_in_the_crm_is_refused_after_the_next_sync_with_password_and_all() -> Outcome {
    let stack = start(options(), BILLER, 3).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(come(&stack, &person(2)), "password reset, signed in: password");
    let guid = person(2).user_guid.unwrap_or_default();
    stack.crm().set_user_status(BILLER, &guid, "inactive")?;
    enable(&stack, BILLER).await?;
    assert_eq!(come(&stack, &person(2)), "refused: user-not-active");
    let (pool, user) = user_of(&stack, &person(2));
    assert_eq!(stack.simulator().sessions(&pool, &user), 0);
    stack.crm().set_user_status(BILLER, &guid, "active")?;
    enable(&stack, BILLER).await?;
    assert_eq!(come(&stack, &person(2)), "signed in: password");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_skips_the_second_factor_can_set_one_up_and_needs_it_from_then_on() -> Outcome {
    let second = options().set("SECOND_FACTOR_MECHANISMS", "totp, email_otp");
    let stack = start(second, BILLER, 2).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(
        come(&stack, &person(1)),
        "password reset, signed in: password, second factor skipped"
    );
    let (pool, user) = user_of(&stack, &person(1));
    assert!(stack.simulator().enroll_factor(&pool, &user, "totp"));
    assert_eq!(come(&stack, &person(1)), "signed in: password, second factor totp");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_that_nobody_may_skip_arrives_in_the_mailbox() -> Outcome {
    let second = options()
        .set("SECOND_FACTOR_MECHANISMS", "email_otp")
        .set("ALLOW_SKIP_2FA", "false")
        .set("ADDRESS_VERIFIED", "true");
    let stack = start(second, BILLER, 2).await?;
    enable(&stack, BILLER).await?;
    let before = stack.simulator().outbox().len();
    assert_eq!(
        come(&stack, &person(1)),
        "password reset, signed in: password, second factor email_otp"
    );
    let messages = stack.simulator().outbox().split_off(before);
    let kinds: Vec<MessageKind> = messages.iter().map(|message| message.kind).collect();
    assert_eq!(kinds, [MessageKind::PasswordReset, MessageKind::SignIn]);
    assert!(messages.iter().all(|it| Some(&it.address) == person(1).email.as_ref()));
    // The address is verified, so it alone is enough for a reset.
    let address = person(2).email.unwrap_or_default();
    stack.simulator().ask_for_reset(BILLER, None, &address);
    assert_eq!(stack.simulator().outbox().pop().map(|it| it.address), Some(address));
    Ok(())
}
