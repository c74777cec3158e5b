//! A database that is busy for a while.

use secureauth_simulator::{Fault, FaultKind};

use crate::support::{DEADLINE, Outcome, add_biller, enable, ended, live, lock_database, options, start, toggle};

#[tokio::test(flavor = "multi_thread")]
async fn a_toggle_that_is_answered_too_late_says_where_to_ask_whether_its_run_started() -> Outcome {
    let stack = start(
        options()
            .set("HTTP_DEADLINE", "300ms")
            .set("DATABASE_BUSY_TIMEOUT", "1m"),
        "1876",
        1,
    )
    .await?;
    let locked = lock_database(&stack)?;
    let late = stack.front_door().post("1876", &toggle(true, "e-1")).await?;
    assert_eq!((late.status, late.text_at("/code")), (503, "deadline"));
    assert_eq!(late.text_at("/statusUrl"), "/api/billers/1876/ciam");
    assert!(late.header("retry-after").is_some());
    locked.execute_batch("COMMIT")?;
    // The event was recorded all the same: the same request again joins or repeats its run.
    let again = stack.front_door().post("1876", &toggle(true, "e-1")).await?;
    assert!([200, 202].contains(&again.status), "{}", again.text);
    assert_eq!(ended(&stack, "1876", &again).await?.state, "succeeded");
    assert_eq!(stack.database().runs_of("1876")?.len(), 1);
    assert_eq!(stack.in_secureauth("1876"), live(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_heart_beat_fails_is_given_back_and_goes_on_long_before_its_lease_expires() -> Outcome {
    let options = options()
        .set("LEASE", "1h")
        .set("HEARTBEAT", "200ms")
        .set("DATABASE_BUSY_TIMEOUT", "300ms");
    let stack = start(options, "1876", 1).await?;
    let slow = FaultKind::Delay {
        ms: 1_500,
        after_effect: false,
    };
    stack.simulator().faults().add(Fault::on("create_pool", slow).nth(1));
    assert_eq!(stack.front_door().toggle("1876", true).await?.status, 202);
    stack
        .wait_for("1876", DEADLINE, |run| run.step.as_deref() == Some("ensure_pool"))
        .await?;
    let locked = lock_database(&stack)?;
    stack
        .wait_for_error_line(DEADLINE, |line| line.contains("a heart-beat failed"))
        .await?;
    locked.execute_batch("COMMIT")?;
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(1));
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn lease_and_slot_that_could_not_be_released_are_released_once_the_database_is_back() -> Outcome {
    let options = options()
        .hosts(2)
        .set("SECUREAUTH_WORKERS", "1")
        .set("LEASE", "1h")
        .set("HEARTBEAT", "200ms")
        .set("DATABASE_BUSY_TIMEOUT", "300ms");
    let stack = start(options, "1876", 1).await?;
    add_biller(&stack, "1877", 1)?;
    let slow = FaultKind::Delay {
        ms: 1_500,
        after_effect: false,
    };
    stack.simulator().faults().add(Fault::on("create_pool", slow).nth(1));
    assert_eq!(stack.front_door().toggle("1876", true).await?.status, 202);
    stack
        .wait_for("1876", DEADLINE, |run| run.step.as_deref() == Some("ensure_pool"))
        .await?;
    let locked = lock_database(&stack)?;
    for row in ["lease", "worker slot"] {
        let told = format!("could not release the {row}; trying again in the background");
        stack.wait_for_error_line(DEADLINE, |line| line.contains(&told)).await?;
    }
    locked.execute_batch("COMMIT")?;
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "succeeded");
    // Whichever process had the slot: the other one gets it.
    for host in [0, 1] {
        assert_eq!(stack.front_door_of(host).toggle("1877", host == 0).await?.status, 202);
        assert_eq!(stack.wait_for_end("1877", DEADLINE).await?.state, "succeeded");
    }
    Ok(())
}
