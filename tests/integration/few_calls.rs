//! The calls of the smallest onboarding, one after the other: each costs a small biller a round trip.

use crate::support::{Outcome, add_biller, enable, stack_with};

#[tokio::test(flavor = "multi_thread")]
async fn the_second_biller_of_a_process_takes_seven_calls() -> Outcome {
    let stack = stack_with("1876", 3).await?;
    enable(&stack, "1876").await?;
    add_biller(&stack, "1877", 3)?;
    stack.simulator().clear_calls();
    assert_eq!(enable(&stack, "1877").await?.state, "succeeded");
    let mut calls: Vec<String> = stack
        .simulator()
        .calls()
        .into_iter()
        .filter_map(|call| call.operation)
        .collect();
    calls.retain(|call| call != "token");
    calls.sort();
    let expected = [
        "create_organization",
        "create_pool",
        "get_organization",
        "get_pool",
        "import_identity_configuration",
        "list_pool_idps",
        "update_organization",
    ];
    assert_eq!(calls, expected);
    Ok(())
}
