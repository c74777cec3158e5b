//! Chunks that SecureAuth refuses: halving finds the refused users with few calls, keeps what was accepted, and a refusal of
//! everybody is no data error (docs/decisions.md#halving-a-refused-chunk).

use local_stack::{Stack, StackOptions};
use secureauth_simulator::{Fault, FaultKind, FaultStatus};
use serde_json::json;

use crate::payload_schema::{make_unfit, stack_with_unknown_dialect};
use crate::support::{IMPORT, Outcome, calls_of, enable, live, nothing, options, start, status};

/// A stack that skips whom SecureAuth refuses: so many of the users. Our own checks do not find them.
async fn stack_with_refused(
    options: StackOptions,
    users: u32,
    refused: u32,
) -> Result<Stack, Box<dyn std::error::Error>> {
    let stack = stack_with_unknown_dialect(options.set("ON_INVALID_USER", "skip"), users).await?;
    for number in 1..=refused {
        make_unfit(&stack, number)?;
    }
    Ok(stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_user_among_a_thousand_is_found_with_few_calls_and_everybody_else_is_imported() -> Outcome {
    for (refused, least, most) in [(1, 15, 25), (5, 35, 65), (20, 100, 200)] {
        let stack = stack_with_refused(options(), 1_000, refused).await?;
        let run = enable(&stack, "1876").await?;
        let expected = (u64::from(1_000 - refused), u64::from(refused));
        assert_eq!(
            (run.state.as_str(), (run.imported, run.skipped)),
            ("succeeded", expected)
        );
        assert_eq!(stack.in_secureauth("1876"), live(expected.0));
        let calls = calls_of(&stack, IMPORT).len();
        assert!((least..=most).contains(&calls), "{refused} refused: {calls} calls");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_slice_that_ends_within_a_refused_chunk_is_no_endless_loop() -> Outcome {
    let short = options().set("SLICE_SECONDS", "1ms").set("USERS_PER_PAGE", "100");
    let stack = stack_with_refused(short, 150, 2).await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported, run.skipped), ("succeeded", 148, 2));
    assert_eq!(stack.in_secureauth("1876"), live(148));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn when_everybody_is_refused_with_the_same_code_it_is_no_data_error() -> Outcome {
    let stack = start(options().set("ON_INVALID_USER", "skip"), "1876", 1_000).await?;
    let refusal = FaultKind::Status(FaultStatus {
        status: 422,
        error_code: Some("license_limit".into()),
        ..FaultStatus::default()
    });
    stack.simulator().faults().add(Fault::on(IMPORT, refusal));
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("secureauth_refused"))
    );
    assert_eq!(status(&stack, "1876").await?.number_at("/onboarding/issuesTotal"), 0);
    let calls = calls_of(&stack, IMPORT).len();
    assert!(calls < 150, "{calls} calls");
    let lines = stack.error_lines();
    assert!(lines.iter().any(|line| line.contains("license_limit")), "{lines:?}");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_users_of_whom_each_is_refused_are_data_errors() -> Outcome {
    let stack = start(options(), "1876", 3).await?;
    let refusal = FaultKind::Status(FaultStatus {
        status: 422,
        error_code: Some("phone_required".into()),
        ..FaultStatus::default()
    });
    stack.simulator().faults().add(Fault::on(IMPORT, refusal));
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("invalid_users"))
    );
    assert_eq!(status(&stack, "1876").await?.number_at("/onboarding/issuesTotal"), 3);
    let shown = status(&stack, "1876").await?;
    let cause = &shown.json["onboarding"]["firstCause"];
    assert_eq!(
        (&cause["reason"], &cause["operation"], &cause["status"], &cause["code"]),
        (
            &json!("invalid_users"),
            &json!("import"),
            &json!(422),
            &json!("phone_required")
        )
    );
    assert!(cause["traceId"].is_string(), "{cause}");
    Ok(())
}
