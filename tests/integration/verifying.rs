//! Comparing a pool with the accounts over several time slices (docs/decisions.md#comparing-in-parts), and counts that lag
//! (docs/decisions.md#lagging-counts).

use std::collections::HashSet;

use local_stack::StackOptions;

use crate::support::{Outcome, calls_of, enable, entries, live, options, start};

const COMPARED: &str = "users_compared";

fn shortest_time_slices() -> StackOptions {
    options()
        .set("VERIFY", "full")
        .set("SLICE_SECONDS", "1ms")
        .set("USERS_PER_PAGE", "50")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_that_takes_longer_than_a_time_slice_goes_on_where_it_was() -> Outcome {
    let stack = start(shortest_time_slices(), "1876", 350).await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 350));
    assert_eq!(stack.in_secureauth("1876"), live(350));
    let checkpoints = entries(&stack, &run, COMPARED)?;
    assert!(checkpoints.len() >= 3, "{checkpoints:?}");
    let pages: Vec<_> = calls_of(&stack, "list_users");
    assert!(
        pages.len() <= 12,
        "the list is not read from its start again: {}",
        pages.len()
    );
    assert!(
        calls_of(&stack, "get_user").is_empty(),
        "users on the list are not asked for"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_that_the_list_does_not_show_are_asked_for_once_each_over_several_time_slices() -> Outcome {
    let stack = start(shortest_time_slices(), "1876", 150).await?;
    stack.simulator().set_switch("users-list-lag-ms", "3600000")?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 150));
    assert!(entries(&stack, &run, COMPARED)?.len() >= 2);
    let asked = calls_of(&stack, "get_user");
    let distinct: HashSet<_> = asked.iter().map(|call| call.path.clone()).collect();
    assert_eq!((asked.len(), distinct.len()), (150, 150));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn few_users_are_asked_for_one_by_one_instead_of_waiting_for_a_lagging_count() -> Outcome {
    let stack = start(options().set("VERIFY_PAUSES", "1h"), "1876", 5).await?;
    for lag in ["user-count-lag-ms", "users-list-lag-ms"] {
        stack.simulator().set_switch(lag, "3600000")?;
    }
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 5));
    assert_eq!(calls_of(&stack, "get_user").len(), 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_many_users_a_lagging_count_is_waited_for_and_nobody_is_asked_for() -> Outcome {
    let stack = start(options(), "1876", 1_001).await?;
    for lag in ["user-count-lag-ms", "users-list-lag-ms"] {
        stack.simulator().set_switch(lag, "300")?;
    }
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert!(calls_of(&stack, "get_user").is_empty());
    Ok(())
}
