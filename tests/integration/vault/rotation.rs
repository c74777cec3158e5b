//! Secrets that change, and a vault that goes away, while runs are under way.

use local_stack::Stack;
use secureauth_simulator::{Fault, FaultKind};

use super::server::Answer;
use super::{CLIENT_SECRET, Cloud, failed_check, until_failed_check};
use crate::support::{DEADLINE, Outcome, add_biller, calls_of, enable, ended, live, toggle};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_with_the_new_client_secret_when_the_old_one_is_refused_in_mid_run() -> Outcome {
    let cloud = Cloud::start().await;
    let stack = Stack::start(cloud.options().set("KEY_VAULT_REFRESH", "100ms")).await?;
    add_biller(&stack, "1876", 3)?;
    let simulator = stack.simulator();
    let held = Fault::on("create_pool", FaultKind::Hold { after_effect: false });
    let held = simulator.faults().add(held);
    let toggled = stack.front_door().toggle("1876", true).await?;
    stack
        .wait_for("1876", DEADLINE, |run| run.step.as_deref() == Some("ensure_pool"))
        .await?;
    assert!(simulator.rotate_secret("onboarding", "rotated"));
    simulator.revoke_tokens();
    cloud.vault.set(CLIENT_SECRET, Answer::value("rotated"));
    assert!(simulator.faults().remove(held));
    assert_eq!(ended(&stack, "1876", &toggled).await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(3));
    let statuses: Vec<_> = calls_of(&stack, "token").iter().map(|call| call.status).collect();
    assert!(statuses.contains(&Some(401)), "the old secret was tried: {statuses:?}");
    assert_eq!(stack.host().restarts(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_go_on_with_the_secrets_held_while_the_vault_is_down() -> Outcome {
    let cloud = Cloud::start().await;
    let options = cloud.options().set("KEY_VAULT_ATTEMPTS", "1");
    let stack = Stack::start(options.set("KEY_VAULT_REFRESH", "100ms")).await?;
    assert_eq!(failed_check(stack.front_door()).await, None);
    cloud.vault.set_down(true);
    let stays = "cannot read the secrets again; those from before stay";
    stack.wait_for_error_line(DEADLINE, |line| line.contains(stays)).await?;
    add_biller(&stack, "1876", 1)?;
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_a_refused_secret_waits_until_the_vault_can_be_read_and_does_not_fail() -> Outcome {
    let cloud = Cloud::start().await;
    let options = cloud.options().set("KEY_VAULT_ATTEMPTS", "1");
    // Before a read that succeeded is 100 ms old, there is no other one: until then the run may be refused again.
    let pauses = ["200ms"; 5].join(",");
    let options = options.set("KEY_VAULT_REFRESH", "100ms").set("RUN_PAUSES", pauses);
    let stack = Stack::start(options).await?;
    let door = stack.front_door();
    assert_eq!(failed_check(door).await, None);
    cloud.vault.set_down(true);
    let simulator = stack.simulator();
    assert!(simulator.rotate_secret("onboarding", "rotated"));
    simulator.revoke_tokens();
    add_biller(&stack, "1876", 1)?;
    let toggled = door.toggle("1876", true).await?;
    // Until the run is refused, only the token is missing.
    until_failed_check(door, Some("vault")).await;
    let refused = door.post("1876", &toggle(true, "e-2")).await?;
    assert_eq!((refused.status, refused.text_at("/code")), (503, "vault_unavailable"));
    cloud.vault.set(CLIENT_SECRET, Answer::value("rotated"));
    cloud.vault.set_down(false);
    until_failed_check(door, None).await;
    assert_eq!(ended(&stack, "1876", &toggled).await?.state, "succeeded");
    assert_eq!(stack.host().restarts(), 0);
    Ok(())
}
