use std::sync::Arc;

use super::*;

const IMPORT: Operation = Operation::Import;

fn far() -> Instant {
    Instant::now() + Duration::from_hours(1)
}

fn turn(limiter: &Limiter, operation: Operation) -> Instant {
    limiter.turn(operation, Instant::now())
}

/// When each of these tasks got its permit; each holds it for a second.
async fn entered(limiter: &Arc<Limiter>, tasks: usize) -> Vec<Duration> {
    let start = Instant::now();
    let enter = |_| {
        let limiter = Arc::clone(limiter);
        tokio::spawn(async move {
            let permit = limiter.enter(IMPORT, far()).await.unwrap();
            let at = start.elapsed();
            tokio::time::sleep(Duration::from_secs(1)).await;
            permit.accepted(IMPORT);
            at
        })
    };
    let tasks: Vec<_> = (0..tasks).map(enter).collect();
    let mut times = Vec::new();
    for task in tasks {
        times.push(task.await.unwrap());
    }
    times.sort();
    times
}

#[tokio::test(start_paused = true)]
async fn a_pause_called_by_one_task_holds_the_others_too() {
    let limiter = Arc::new(Limiter::new(8));
    limiter.pause(Duration::from_secs(30));
    limiter.pause(Duration::from_secs(5));
    for at in entered(&limiter, 20).await {
        assert!(at >= Duration::from_secs(30));
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waited_for_a_slot_still_respects_a_pause_called_meanwhile() {
    let limiter = Arc::new(Limiter::new(1));
    let slot = limiter.enter(IMPORT, far()).await.unwrap();
    let waiting = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move { entered(&limiter, 1).await }
    });
    tokio::task::yield_now().await;
    limiter.pause(Duration::from_secs(10));
    drop(slot);
    assert!(waiting.await.unwrap()[0] >= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_one_request_is_in_flight_until_one_is_accepted_and_then_they_start_one_by_one() {
    let limiter = Arc::new(Limiter::new(8));
    let first = limiter.enter(IMPORT, far()).await.unwrap();
    first.refused(Duration::from_secs(10), Throttled::TooMany, IMPORT);
    drop(first);
    let times = entered(&limiter, 8).await;
    assert_eq!(times[0].as_secs(), 10);
    assert!(times[1] >= Duration::from_secs(11), "{times:?}");
    assert!(times.windows(2).all(|two| two[0] < two[1]), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_pause_or_a_turn_that_ends_too_late() {
    let limiter = Limiter::new(8);
    let soon = Instant::now() + Duration::from_secs(5);
    limiter.pause(Duration::from_secs(30));
    let rest = limiter.enter(IMPORT, soon).await.unwrap_err();
    assert_eq!(rest, TooLong(Duration::from_secs(30)));
    let permit = limiter.enter(IMPORT, far()).await.unwrap();
    permit.refused(Duration::from_millis(1), Throttled::TooMany, IMPORT);
    permit.accepted(IMPORT);
    let mut turns = 0;
    while limiter.enter(IMPORT, Instant::now()).await.is_ok() {
        turns += 1;
        assert!(turns < 100, "turns are at the learned rate, not at once");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_starts_too_late_behind_requests_that_hang_after_a_refusal() {
    let limiter = Arc::new(Limiter::new(8));
    let first = limiter.enter(IMPORT, far()).await.unwrap();
    first.refused(Duration::from_secs(1), Throttled::TooMany, IMPORT);
    drop(first);
    let latest = Instant::now() + Duration::from_mins(2);
    let hang = |_| {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move {
            let permit = limiter.enter(IMPORT, latest).await.map_err(|_| Instant::now())?;
            let started = Instant::now();
            tokio::time::sleep(Duration::from_mins(1)).await;
            drop(permit);
            Ok(started)
        })
    };
    let tasks: Vec<_> = (0..8).map(hang).collect();
    let mut started = 0;
    for task in tasks {
        let at = match task.await.unwrap() {
            Ok(at) => {
                started += 1;
                at
            }
            Err(gave_up) => gave_up,
        };
        assert!(at <= latest + Duration::from_millis(1), "{:?}", at - latest);
    }
    assert_eq!(started, 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_costs_no_time_before_the_first_refusal() {
    let limiter = Limiter::new(8);
    let start = Instant::now();
    for _ in 0..100 {
        limiter.enter(IMPORT, start).await.unwrap().accepted(IMPORT);
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_comes_too_late_stays_for_others() {
    let limiter = Limiter::new(8);
    let permit = limiter.enter(IMPORT, far()).await.unwrap();
    permit.refused(Duration::from_secs(10), Throttled::TooMany, IMPORT);
    drop(permit);
    drop(limiter.enter(IMPORT, far()).await.unwrap());
    let next = turn(&limiter, IMPORT);
    for _ in 0..10 {
        limiter.enter(IMPORT, Instant::now()).await.unwrap_err();
    }
    assert_eq!(turn(&limiter, IMPORT), next);
}

#[tokio::test(start_paused = true)]
async fn a_403_tells_about_the_rate_only_if_the_request_was_alone_and_its_operation_was_let_in_before() {
    for (others, accepted, paces) in [(0, 5, true), (1, 5, false), (0, 0, false)] {
        let limiter = Limiter::new(8);
        let mut held = Vec::new();
        for _ in 0..others {
            held.push(limiter.enter(IMPORT, far()).await.unwrap());
        }
        for _ in 0..accepted {
            limiter.enter(IMPORT, far()).await.unwrap().accepted(IMPORT);
        }
        let permit = limiter.enter(IMPORT, far()).await.unwrap();
        permit.refused(Duration::from_secs(15), Throttled::Forbidden, IMPORT);
        drop(permit);
        drop(held);
        for _ in 0..2 {
            limiter.enter(IMPORT, far()).await.unwrap().accepted(IMPORT);
        }
        assert_eq!(turn(&limiter, IMPORT) > Instant::now(), paces, "{others} {accepted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_due_to_other_calls_only_if_one_of_them_was_let_in_since_the_last_refusal() {
    let limiter = Limiter::new(8);
    let refuse = async || {
        let permit = limiter.enter(IMPORT, far()).await.unwrap();
        let again = permit.is_refused_again(IMPORT);
        permit.refused(Duration::from_secs(15), Throttled::Forbidden, IMPORT);
        again
    };
    let early = limiter.enter(IMPORT, far()).await.unwrap();
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(refuse().await, "nothing was let in before");
    assert!(!early.is_refused_again(IMPORT), "it began before the refusal");
    early.accepted(IMPORT);
    drop(early);
    assert!(refuse().await, "what began before the refusal does not count");
    let other = limiter.enter(Operation::GetPool, far()).await.unwrap();
    other.accepted(Operation::GetPool);
    drop(other);
    assert!(!refuse().await);
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_for_their_turn_keep_no_other_module_waiting_after_a_refusal() {
    let limiter = Arc::new(Limiter::new(8));
    let permit = limiter.enter(IMPORT, far()).await.unwrap();
    permit.refused(Duration::from_secs(10), Throttled::TooMany, IMPORT);
    drop(permit);
    limiter.enter(IMPORT, far()).await.unwrap().accepted(IMPORT);
    let waiting = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move { entered(&limiter, 8).await }
    });
    tokio::task::yield_now().await;
    let other = limiter.enter(Operation::GetOrganization, far()).await.unwrap();
    let pause = Duration::from_secs(1);
    other.refused(pause, Throttled::TooMany, Operation::GetOrganization);
    drop(other);
    let start = Instant::now();
    drop(limiter.enter(Operation::GetOrganization, far()).await.unwrap());
    assert!(start.elapsed() <= 2 * pause, "{:?}", start.elapsed());
    assert!(!waiting.is_finished());
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_is_never_let_in_slows_no_other_one_down() {
    let limiter = Limiter::new(8);
    for _ in 0..20 {
        limiter.enter(IMPORT, far()).await.unwrap().accepted(IMPORT);
        let permit = limiter.enter(IMPORT, far()).await.unwrap();
        permit.refused(Duration::from_secs(15), Throttled::Forbidden, Operation::UpdateUser);
    }
    limiter.enter(IMPORT, far()).await.unwrap().accepted(IMPORT);
    let now = Instant::now();
    assert_eq!(turn(&limiter, IMPORT), now);
}

#[tokio::test(start_paused = true)]
async fn a_429_of_one_module_teaches_no_rate_for_another_one() {
    let limiter = Limiter::new(8);
    let permit = limiter.enter(IMPORT, far()).await.unwrap();
    permit.refused(Duration::from_secs(1), Throttled::TooMany, Operation::GetOrganization);
    drop(permit);
    for operation in [Operation::GetOrganization, IMPORT] {
        limiter.enter(operation, far()).await.unwrap().accepted(operation);
    }
    let now = Instant::now();
    assert!(turn(&limiter, Operation::UpdateOrganization) > now);
    assert_eq!(turn(&limiter, IMPORT), now);
}

#[tokio::test(start_paused = true)]
async fn two_modules_that_refuse_at_the_same_time_both_teach_their_rates() {
    let limiter = Limiter::new(8);
    let organization = limiter.enter(Operation::GetOrganization, far()).await.unwrap();
    let import = limiter.enter(IMPORT, far()).await.unwrap();
    tokio::time::advance(Duration::from_millis(5)).await;
    organization.refused(Duration::from_secs(1), Throttled::TooMany, Operation::GetOrganization);
    import.refused(Duration::from_secs(1), Throttled::TooMany, IMPORT);
    drop((organization, import));
    for operation in [Operation::GetOrganization, IMPORT] {
        limiter.enter(operation, far()).await.unwrap().accepted(operation);
    }
    let now = Instant::now();
    for operation in [Operation::GetOrganization, IMPORT] {
        assert!(turn(&limiter, operation) > now, "{operation}");
    }
}
