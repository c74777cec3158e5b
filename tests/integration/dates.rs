//! Ids that look like dates: the host writes a text anew that is a date and nothing else
//! (docs/reference/functions-host.md#http-output).

use serde_json::json;

use crate::support::{Outcome, add_biller, ended, live, stack_with, status, toggle};

const DATE: &str = "2026-09-14T15:14:15Z";

#[tokio::test(flavor = "multi_thread")]
async fn an_event_id_that_is_a_date_stays_as_it_was_sent() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let mut body = toggle(true, DATE);
    body["requestedBy"] = json!(DATE);
    let first = stack.front_door().post("1876", &body).await?;
    assert_eq!(first.status, 202, "{}", first.text);
    assert_eq!(ended(&stack, "1876", &first).await?.state, "succeeded");
    let again = stack.front_door().post("1876", &body).await?;
    assert_eq!(
        again.text_at("/onboardingId"),
        first.text_at("/onboardingId"),
        "the same event"
    );
    // The same moment in other words is another id.
    body["eventId"] = json!("2026-09-14T15:14:15.0Z");
    let other = stack.front_door().post("1876", &body).await?;
    assert_eq!(other.text_at("/kind"), "sync", "{}", other.text);
    let known = rusqlite::Connection::open(stack.database().path())?.query_row(
        "SELECT COUNT(*) FROM onboarding_event WHERE event_id = ?1 AND requested_by = ?1",
        [DATE],
        |row| row.get::<_, u32>(0),
    )?;
    assert_eq!(known, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_biller_id_that_is_a_day_is_served_and_one_that_is_a_date_with_a_time_is_refused() -> Outcome {
    let stack = stack_with("2026-09-14", 1).await?;
    add_biller(&stack, "20260914T151415Z", 1)?;
    for biller in ["2026-09-14", "20260914T151415Z"] {
        let answer = stack.front_door().toggle(biller, true).await?;
        assert_eq!(answer.text_at("/billerId"), biller);
        assert_eq!(ended(&stack, biller, &answer).await?.state, "succeeded");
        assert_eq!(stack.in_secureauth(biller), live(1));
        let status_url = format!("/api/billers/{biller}/ciam");
        assert_eq!(answer.header("location"), Some(status_url.as_str()));
        assert_eq!(status(&stack, biller).await?.text_at("/billerId"), biller);
    }
    for refused in [DATE, "a%2Fb"] {
        let answer = stack.front_door().status(refused).await?;
        assert_eq!(
            (answer.status, answer.text_at("/member")),
            (400, "billerId"),
            "{refused}"
        );
        assert!(answer.text_at("/detail").contains("must match"), "{}", answer.text);
    }
    Ok(())
}
