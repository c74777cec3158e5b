//! Small billers beside big ones (docs/decisions.md#short-time-slices).

use local_stack::Stack;
use secureauth_simulator::{Fault, FaultKind};

use crate::support::{DEADLINE, IMPORT, Outcome, add_biller, options};

#[tokio::test(flavor = "multi_thread")]
async fn a_small_biller_does_not_wait_for_the_end_of_big_ones() -> Outcome {
    let stack = Stack::start(options().set("SLICE_WHILE_OTHERS_WAIT", "300ms")).await?;
    let slow = FaultKind::Delay {
        ms: 1_000,
        after_effect: false,
    };
    stack.simulator().faults().add(Fault::on(IMPORT, slow));
    // As many as the host works on at the same time.
    let big: Vec<String> = (0..8).map(|number| format!("big-{number}")).collect();
    for biller in &big {
        add_biller(&stack, biller, 3_000)?;
        assert_eq!(stack.front_door().toggle(biller, true).await?.status, 202);
    }
    stack.wait_for("big-0", DEADLINE, |run| run.imported > 0).await?;
    add_biller(&stack, "small", 1)?;
    assert_eq!(stack.front_door().toggle("small", true).await?.status, 202);
    let small = stack.wait_for_end("small", DEADLINE).await?;
    assert_eq!(small.state, "succeeded");
    // Half a minute of imports was ahead of the big ones.
    stack.simulator().faults().clear();
    for biller in &big {
        let run = stack.wait_for_end(biller, DEADLINE).await?;
        assert_eq!((run.state.as_str(), run.imported), ("succeeded", 3_000));
        assert!(
            run.finished_at > small.finished_at,
            "{biller} ended before the small one"
        );
    }
    Ok(())
}
