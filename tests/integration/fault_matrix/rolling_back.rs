//! Rollbacks that meet trouble come to an end, and remove only what the run created.

use local_stack::{Stack, UserRow};
use secureauth_simulator::{Fault, FaultKind, FaultStatus};

use super::invariant::{Before, is_as_before};
use super::lane::{begin, end, prepare, quick};
use super::scenario::{Course, Scenario};
use super::snapshot::Snapshot;
use crate::support::{DEADLINE, IMPORT, Outcome, calls_of};

#[tokio::test(flavor = "multi_thread")]
async fn one_user_of_a_later_page_that_cannot_be_removed_makes_the_run_stuck_and_not_endless() -> Outcome {
    let stack = Stack::start(quick().set("USERS_PER_PAGE", "2")).await?;
    let course = Course {
        scenario: Scenario::ForeignPool,
        rolled_back: true,
    };
    prepare(&stack, course, &["1876".to_owned()]).await?;
    let refused = FaultKind::Status(FaultStatus {
        status: 500,
        ..FaultStatus::default()
    });
    // The calls for two pages of two users succeed; from the fifth call on, every call fails.
    let last_page = Fault::on("delete_user", refused).nth(5).every(1);
    begin(&stack, course, "1876", |stack| {
        stack.simulator().faults().add(last_page);
    })
    .await?;
    end(&stack, "1876").await?;
    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("not_rolled_back"))
    );
    stack
        .handler()
        .run(&["resume", &run.onboarding_id, "--by", "ops"])
        .await?;
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_that_a_lagging_list_does_not_show_are_neither_imported_again_nor_rolled_back() -> Outcome {
    let stack = Stack::start(quick()).await?;
    stack.simulator().set_switch("users-list-lag-ms", "3600000")?;
    let course = Course {
        scenario: Scenario::Sync,
        rolled_back: false,
    };
    prepare(&stack, course, &["1876".to_owned()]).await?;
    stack.simulator().set_switch("keep-request-bodies", "on")?;
    let refused = FaultKind::Status(FaultStatus {
        status: 422,
        ..FaultStatus::default()
    });
    let before = begin(&stack, course, "1876", |stack| {
        // The third read of the pool is the verification.
        stack.simulator().faults().add(Fault::on("get_pool", refused).nth(3));
    })
    .await?;
    end(&stack, "1876").await?;
    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("secureauth_refused"))
    );
    let before = Before::of(course, "1876", &before);
    assert_eq!(is_as_before(&before, &Snapshot::take(&stack, "1876").await?), Ok(()));
    let names: Vec<String> = UserRow::samples("1876", 4)
        .into_iter()
        .filter_map(|user| user.user_name)
        .collect();
    for call in calls_of(&stack, IMPORT) {
        let body = call.body.unwrap_or_default();
        assert!(!names.iter().any(|name| body.contains(name)), "{body}");
    }
    Ok(())
}
