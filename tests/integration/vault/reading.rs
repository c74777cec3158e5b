//! How secrets are asked for: challenge, token, secret.

use futures_util::future::join_all;
use local_stack::Stack;

use super::server::Asked;
use super::{Cloud, SECRETS, failed_check};
use crate::support::{Outcome, add_biller, enable};

#[tokio::test(flavor = "multi_thread")]
async fn twenty_requests_at_the_start_read_each_secret_once_and_meet_one_challenge() -> Outcome {
    let cloud = Cloud::start().await;
    let stack = Stack::start(cloud.options()).await?;
    let answers = join_all((0..20).map(|_| failed_check(stack.front_door()))).await;
    assert_eq!(answers, [const { None }; 20]);
    add_biller(&stack, "1876", 2)?;
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");

    let challenged = (SECRETS[0].0, false);
    let read = SECRETS.map(|(name, _)| (name, true));
    let expected = std::iter::once(challenged)
        .chain(read)
        .map(|(secret, has_token)| Asked {
            secret: secret.to_owned(),
            has_token,
        });
    assert_eq!(cloud.vault.asked(), expected.collect::<Vec<_>>());
    assert_eq!(cloud.tokens().await, 1);
    Ok(())
}
