//! What a busy machine may spoil is tried again, but not for ever.

/// More than a machine that merely stalls needs.
const TRIES: u32 = 10;

/// What an attempt answers with; fails with `what` was tried when none answers.
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
async fn what_never_works_is_given_up_by_name() {
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
async fn what_works_at_last_is_not_tried_again() {
    let mut answers = [Some("late"), None, None].into_iter().rev();
    let late = tried("a slow call", || {
        let answer = answers.next().flatten();
        async move { Ok(answer) }
    });
    assert_eq!(late.await.expect("an answer"), "late");
    assert_eq!(answers.next(), None);
}
