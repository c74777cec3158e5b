//! Eight tasks at servers with token buckets, in simulated time.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{task::JoinSet, time::sleep};

use super::{
    super::{Backoff, ErrorKind, error::Refusal, transport::Waits},
    *,
};

const IMPORT: Operation = Operation::Import;
const TASKS: usize = 8;
/// Half the time that a call takes.
const HALF: Duration = Duration::from_millis(1);
/// More calls than any of these servers accepts while it is watched.
const MANY: usize = 100_000;

/// A token bucket.
struct Server {
    rate: f64,
    burst: f64,
    tokens: f64,
    filled: Instant,
    /// 429 with `Retry-After` in whole seconds, or 403 until the bucket is full again.
    why: Throttled,
    is_refilling: bool,
    /// Pause of the client after a 403.
    pause: Duration,
    /// How much longer it takes to accept a call than to refuse one.
    work: Duration,
}

impl Server {
    fn new(rate: f64, burst: f64) -> Self {
        Self {
            rate,
            burst,
            tokens: burst,
            filled: Instant::now(),
            why: Throttled::TooMany,
            is_refilling: false,
            pause: Duration::ZERO,
            work: Duration::ZERO,
        }
    }

    fn forbidding(rate: f64, burst: f64, pause: Duration) -> Self {
        Self {
            why: Throttled::Forbidden,
            pause,
            ..Self::new(rate, burst)
        }
    }

    /// Accepts a call, or refuses it.
    fn call(&mut self) -> Result<(), Refusal> {
        let now = Instant::now();
        self.tokens = (self.tokens + (now - self.filled).as_secs_f64() * self.rate).min(self.burst);
        self.filled = now;
        self.is_refilling &= self.tokens < self.burst;
        if self.tokens >= 1.0 && !self.is_refilling {
            self.tokens -= 1.0;
            return Ok(());
        }
        if self.why == Throttled::Forbidden {
            self.is_refilling = true;
            return Err(Refusal {
                status: 403,
                error_code: Some("request_forbidden".to_owned()),
                ..Refusal::default()
            });
        }
        let wait = Duration::from_secs_f64(((1.0 - self.tokens) / self.rate).ceil());
        Err(Refusal {
            status: 429,
            retry_after: Some(wait),
            ..Refusal::default()
        })
    }
}

/// Tasks that share a limiter and call one server.
struct Simulation {
    limiter: Limiter,
    server: Mutex<Server>,
    begin: Instant,
    /// When the server answered, and whether it accepted.
    answers: Mutex<Vec<(Duration, bool)>>,
    left: AtomicUsize,
}

impl Simulation {
    fn of(server: Server) -> Arc<Self> {
        Arc::new(Self {
            limiter: Limiter::new(TASKS),
            server: Mutex::new(server),
            begin: Instant::now(),
            answers: Mutex::default(),
            left: AtomicUsize::new(0),
        })
    }

    /// Repeats a call until the server accepts it, with the waits that the client makes.
    async fn call(&self) {
        let waits = Waits::until(self.begin + Duration::from_hours(1));
        for _ in 0..1_000 {
            let permit = self.limiter.enter(IMPORT, waits.latest).await.unwrap();
            sleep(HALF).await;
            let (answer, why, forbidden, work) = {
                let mut server = self.server.lock().unwrap();
                (server.call(), server.why, server.pause, server.work)
            };
            self.answers
                .lock()
                .unwrap()
                .push((self.begin.elapsed(), answer.is_ok()));
            sleep(HALF).await;
            let Err(refusal) = answer else {
                sleep(work).await;
                return permit.accepted(IMPORT);
            };
            let backoff = Backoff {
                forbidden,
                ..Backoff::default()
            };
            let kind = ErrorKind::Refused(refusal);
            let pause = waits.pause(&kind, &backoff, permit.is_refused_again(IMPORT));
            permit.refused(pause.expect("a burst is no error"), why, IMPORT);
        }
        panic!("refused for ever");
    }

    /// So many calls, or as many of [`MANY`] as are possible until then. Returns when the last answer came.
    async fn calls(self: &Arc<Self>, number: usize, latest: Duration) -> Duration {
        self.left.store(number, Ordering::Relaxed);
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let this = Arc::clone(self);
            tasks.spawn(async move {
                let take = |left: usize| left.checked_sub(1);
                while this
                    .left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                    .is_ok()
                {
                    this.call().await;
                }
            });
        }
        let all = async {
            while let Some(task) = tasks.join_next().await {
                task.unwrap();
            }
        };
        let is_done = timeout_at(self.begin + latest, all).await.is_ok();
        assert_eq!(is_done, number < MANY, "{number} calls");
        let answers = self.answers.lock().unwrap();
        if is_done {
            let accepted = answers.iter().filter(|(_, is_accepted)| *is_accepted).count();
            assert_eq!(accepted, number);
        }
        answers.last().unwrap().0
    }

    /// From one second to another: accepted calls ÷ those that flow into the bucket, and refused ones ÷ all.
    fn shares(&self, from: u64, to: u64) -> (f64, f64) {
        let rate = self.server.lock().unwrap().rate;
        let answers = self.answers.lock().unwrap();
        let (mut accepted, mut refused) = (0.0, 0.0);
        for (_, is_accepted) in answers.iter().filter(|(at, _)| (from..to).contains(&at.as_secs())) {
            *(if *is_accepted { &mut accepted } else { &mut refused }) += 1.0;
        }
        let allowed = rate * Duration::from_secs(to - from).as_secs_f64();
        (accepted / allowed, refused / (accepted + refused))
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_minute_nearly_all_that_the_server_allows_is_used_and_hardly_a_call_is_refused() {
    for (rate, burst) in [(5.0, 10.0), (20.0, 10.0), (100.0, 10.0), (50.0, 100.0)] {
        let simulation = Simulation::of(Server::new(rate, burst));
        simulation.calls(MANY, Duration::from_mins(4)).await;
        for minute in 1..4 {
            let (used, refused) = simulation.shares(60 * minute, 60 * minute + 60);
            assert!(used >= 0.95, "{rate}/s, minute {minute}: {used}");
            assert!(refused <= 0.01, "{rate}/s, minute {minute}: {refused}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_few_calls_at_a_slow_server_take_hardly_longer_than_it_says() {
    for (rate, burst, number, most) in [(2.0, 2.0, 10, 5.5), (2.0, 2.0, 13, 6.0), (1.0, 1.0, 10, 11.0)] {
        for work in [0, 20] {
            let mut server = Server::new(rate, burst);
            server.work = Duration::from_millis(work);
            let simulation = Simulation::of(server);
            let took = simulation.calls(number, Duration::from_mins(1)).await.as_secs_f64();
            assert!(took <= most, "{number} at {rate}/s, accepted in {work} ms: {took}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_is_used_too() {
    for (rate, burst) in [(1.0, 1.0), (2.0, 2.0)] {
        let simulation = Simulation::of(Server::new(rate, burst));
        simulation.calls(MANY, Duration::from_mins(4)).await;
        let (used, refused) = simulation.shares(60, 240);
        assert!(used >= 0.9 && refused <= 0.05, "{rate}/s: {used} {refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_becomes_faster_or_slower_is_used_after_little_more_than_a_minute() {
    for (before, after) in [
        ((1.0, 1.0), (100.0, 10.0)),
        ((5.0, 10.0), (100.0, 10.0)),
        ((100.0, 10.0), (1.0, 1.0)),
    ] {
        let simulation = Simulation::of(Server::new(before.0, before.1));
        simulation.calls(MANY, Duration::from_mins(1)).await;
        *simulation.server.lock().unwrap() = Server::new(after.0, after.1);
        simulation.calls(MANY, Duration::from_mins(3)).await;
        let (used, refused) = simulation.shares(140, 180);
        assert!(used >= 0.9 && refused <= 0.1, "{before:?} {after:?}: {used} {refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_forbids_bursts_is_used_like_one_that_answers_429() {
    // The pauses are long enough for the bucket to fill.
    for (rate, burst, pause) in [(5.0, 10.0, 2), (20.0, 10.0, 1), (100.0, 10.0, 1)] {
        let simulation = Simulation::of(Server::forbidding(rate, burst, Duration::from_secs(pause)));
        simulation.calls(MANY, Duration::from_mins(2)).await;
        let (used, refused) = simulation.shares(60, 120);
        assert!(used >= 0.95 && refused <= 0.01, "{rate}/s: {used} {refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_forbids_bursts_refuses_few_calls_before_its_rate_is_known() {
    let pause = Duration::from_secs(15);
    let simulation = Simulation::of(Server::forbidding(2.0, 1.0, pause));
    let took = simulation.calls(100, Duration::from_hours(1)).await;
    let refused = simulation
        .answers
        .lock()
        .unwrap()
        .iter()
        .filter(|(_, is_accepted)| !is_accepted)
        .count();
    assert!(took <= Duration::from_mins(3) && refused <= 20, "{took:?} {refused}");
}
