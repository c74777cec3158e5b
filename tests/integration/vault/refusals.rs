//! What keeps the program from its secrets is named in the log, and once it is mended the program works without a restart.

use std::time::Duration;

use local_stack::Stack;
use serde_json::json;

use super::server::{Answer, HOST, TOKEN, TestVault};
use super::{CLIENT_SECRET, Cloud, SECRETS, failed_check, until_failed_check};
use crate::support::{DEADLINE, Outcome, add_biller, ended, toggle};
use crate::tds::tls::identity;

/// The next line that says this, where the secrets cannot be read.
async fn told(stack: &Stack, says: &str) -> Outcome {
    let line = stack
        .wait_for_error_line(DEADLINE, |line| {
            line.contains("cannot read the secrets") && line.contains(says)
        })
        .await
        .map_err(|error| format!("{says}: {error}"))?;
    assert!(!line.contains("marked") && !line.contains(TOKEN), "{line}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cannot_be_read_is_named_with_what_is_to_do_and_read_once_that_is_done() -> Outcome {
    let cloud = Cloud::start().await;
    cloud.vault.remove(CLIENT_SECRET);
    let stack = Stack::start(cloud.options()).await?;
    told(&stack, "Key Vault has no secret named secureauth-client-secret").await?;
    let dated = |attributes| Answer::with("marked-secret", &attributes);
    let not_yet = json!({ "enabled": true, "nbf": 4_102_444_800_i64 });
    for (answer, says) in [
        (
            Answer::forbidden("SecretDisabled"),
            "secureauth-client-secret is disabled",
        ),
        (
            dated(json!({ "enabled": true, "exp": 1_000 })),
            "secureauth-client-secret is expired",
        ),
        (dated(not_yet), "secureauth-client-secret is not valid yet"),
        (Answer::forbidden("ForbiddenByRbac"), "role `Key Vault Secrets User`"),
        (Answer::forbidden("ForbiddenByFirewall"), "network rules"),
        (
            Answer::value("marked secret"),
            "secureauth-client-secret is not visible ASCII",
        ),
    ] {
        cloud.vault.set(CLIENT_SECRET, answer);
        told(&stack, says).await?;
        assert_eq!(failed_check(stack.front_door()).await.as_deref(), Some("vault"));
    }
    cloud.vault.accept_only("another-token");
    told(&stack, "does not accept the identity's token").await?;
    cloud.vault.accept_only(TOKEN);
    cloud.grant(false).await;
    told(&stack, "The requested identity has not been assigned").await?;
    cloud.grant(true).await;
    cloud.vault.set(CLIENT_SECRET, Answer::value(SECRETS[3].1));
    ready_again(&stack).await;
    Ok(())
}

/// Waits until the handler is ready. It was not started anew.
async fn ready_again(stack: &Stack) {
    until_failed_check(stack.front_door(), None).await;
    assert_eq!(stack.host().restarts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_vault_is_asked_again_when_it_said_and_not_before() -> Outcome {
    let cloud = Cloud::start().await;
    cloud.vault.answer_once(Answer::busy("1"));
    let stack = Stack::start(cloud.options()).await?;
    ready_again(&stack).await;
    let read_at = cloud.vault.read_at();
    assert_eq!(read_at.len(), 1 + SECRETS.len());
    assert!(read_at[1] - read_at[0] >= Duration::from_secs(1));

    let cloud = Cloud::start().await;
    cloud.vault.answer_once(Answer::busy("3600"));
    let stack = Stack::start(cloud.options()).await?;
    told(
        &stack,
        "asks to wait 3600s before the secret secureauth-tenant-id is read again",
    )
    .await?;
    for _ in 0..5 {
        assert_eq!(failed_check(stack.front_door()).await.as_deref(), Some("vault"));
    }
    assert_eq!(cloud.vault.reads().len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_host_or_of_an_unknown_ca_is_named_and_no_token_goes_out() -> Outcome {
    let (ca, of_other_host) = identity("other.vault.azure.net");
    let (_, of_unknown_ca) = identity(HOST);
    for (vault, says) in [
        (
            of_other_host,
            "invalid peer certificate: certificate not valid for name",
        ),
        (of_unknown_ca, "invalid peer certificate: UnknownIssuer"),
    ] {
        let cloud = Cloud::with(&ca, TestVault::start(vault).await).await;
        let stack = Stack::start(cloud.options().set("KEY_VAULT_ATTEMPTS", "1")).await?;
        told(&stack, says).await?;
        assert_eq!(failed_check(stack.front_door()).await.as_deref(), Some("vault"));
        assert_eq!((cloud.vault.asked().len(), cloud.tokens().await), (0, 0));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_for_a_resource_that_is_not_the_vaults_gets_no_token() -> Outcome {
    let cloud = Cloud::start().await;
    cloud.vault.challenge_for("https://management.azure.com");
    let stack = Stack::start(cloud.options()).await?;
    told(&stack, "doesn't match the requested domain 'ic.vault.azure.net'").await?;
    assert_eq!(failed_check(stack.front_door()).await.as_deref(), Some("vault"));
    assert_eq!((cloud.vault.reads().len(), cloud.tokens().await), (0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_vault_is_down_at_the_start_toggles_are_503_and_later_they_work_without_a_restart() -> Outcome {
    let cloud = Cloud::start().await;
    cloud.vault.set_down(true);
    let stack = Stack::start(cloud.options().set("KEY_VAULT_ATTEMPTS", "1")).await?;
    add_biller(&stack, "1876", 1)?;
    let refused = stack.front_door().post("1876", &toggle(true, "e-1")).await?;
    assert_eq!((refused.status, refused.text_at("/code")), (503, "vault_unavailable"));
    assert!(refused.header("retry-after").is_some());
    told(&stack, "Key Vault did not return the secret secureauth-tenant-id").await?;
    cloud.vault.set_down(false);
    ready_again(&stack).await;
    let again = stack.front_door().post("1876", &toggle(true, "e-1")).await?;
    assert_eq!(again.status, 202, "{}", again.text);
    assert_eq!(ended(&stack, "1876", &again).await?.state, "succeeded");
    Ok(())
}
