//! Taking back comes to an end.

use secureauth_simulator::{Fault, FaultKind, FaultStatus};

use local_stack::Stack;

use super::lane::{begin, end, prepare, quick};
use super::scenario::{Course, Scenario};
use crate::support::{DEADLINE, Outcome};

#[tokio::test(flavor = "multi_thread")]
async fn one_user_of_a_later_page_that_cannot_be_removed_makes_the_run_stuck_and_not_endless() -> Outcome {
    let stack = Stack::start(quick().set("USERS_PER_PAGE", "2")).await?;
    let course = Course {
        scenario: Scenario::ForeignPool,
        taken_back: true,
    };
    prepare(&stack, course, &["1876".to_owned()]).await?;
    let refused = FaultKind::Status(FaultStatus {
        status: 500,
        ..FaultStatus::default()
    });
    // Two pages of two come first; each call is repeated once.
    let last_page = Fault::on("delete_user", refused).nth(5).every(1);
    begin(&stack, course, "1876", |stack| {
        stack.simulator().faults().add(last_page);
    })
    .await?;
    end(&stack, "1876").await?;
    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("not_taken_back"))
    );
    stack
        .handler()
        .run(&["resume", &run.onboarding_id, "--by", "ops"])
        .await?;
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
    Ok(())
}
