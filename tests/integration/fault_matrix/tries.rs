//! Repeats what can fail on a busy machine, a limited number of times.

/// Number of attempts: more than a busy machine needs.
const TRIES: u32 = 10;

/// Repeats `attempt` until it has a result. If none of the attempts has one, the error says `what` was tried.
pub(super) async fn tried<T, F>(what: &str, mut attempt: impl FnMut() -> F) -> Result<T, Box<dyn std::error::Error>>
where
    F: Future<Output = Result<Option<T>, Box<dyn std::error::Error>>>,
{
    for _ in 0..TRIES {
        if let Some(answer) = attempt().await? {
            return Ok(answer);
        }
    }
    Err(format!("tried {TRIES} times in vain: {what}").into())
}

#[tokio::test]
async fn the_error_says_what_was_tried_too_often() {
    let mut attempts = 0;
    let never = tried::<(), _>("a square circle", || {
        attempts += 1;
        async { Ok(None) }
    });
    let error = never.await.expect_err("is given up");
    assert_eq!(error.to_string(), "tried 10 times in vain: a square circle");
    assert_eq!(attempts, TRIES);
}

#[tokio::test]
async fn an_attempt_that_succeeds_is_the_last_one() {
    let mut answers = [Some("late"), None, None].into_iter().rev();
    let late = tried("a slow call", || {
        let answer = answers.next().flatten();
        async move { Ok(answer) }
    });
    assert_eq!(late.await.expect("an answer"), "late");
    assert_eq!(answers.next(), None);
}
