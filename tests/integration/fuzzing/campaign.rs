//! Runs a target over many inputs, batch by batch, each batch with a time limit. A failure names the seed and the input, so that it can
//! be repeated from the beginning of its batch: what an answer is may depend on the inputs before it.

use std::collections::BTreeMap;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, mpsc};
use std::time::{Duration, Instant};

use super::mutator::Mutator;
use crate::figures;

/// The seed of `make test`, which must not fail by chance.
const SEED: u64 = 1;
/// A batch takes seconds.
const BATCH_LIMIT: Duration = Duration::from_mins(5);

/// What is tried, with what it is tried on.
pub(super) trait Target: Sized {
    /// In test names and variables.
    const NAME: &'static str;
    /// Inputs in `make test`.
    const FEW: u64 = 3_000;
    /// One input stands for so many of `FUZZ_INPUTS`.
    const WEIGHT: u64 = 1;
    /// Every batch begins with a new target, so that a failure can be repeated from the beginning of its batch.
    const BATCH: u64 = 20_000;

    async fn start() -> Self;

    /// Tries one input. Returns what came of it in a word or two, for the totals.
    async fn try_one(&mut self, random: &mut Mutator) -> Result<String, Wrong>;

    /// Of a thousand inputs at least so many have an outcome that begins with these words.
    const FLOORS: &[(&str, u64)];

    /// What has to hold after a batch.
    async fn end(self) -> Result<(), String> {
        Ok(())
    }
}

/// What is wrong with an answer, and the input that led to it.
pub(super) struct Wrong {
    pub(super) problem: String,
    pub(super) input: String,
}

/// How often each answer was given.
type Totals = BTreeMap<String, u64>;

/// Threads that panicked, with the place.
static PANICS: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// Tries as many inputs as `FUZZ_INPUTS` says.
pub(super) fn run<T: Target + 'static>() {
    note_panics();
    let variable = |name: &str| std::env::var_os(name)?.into_string().ok()?.parse::<u64>().ok();
    let seed = variable("FUZZ_SEED").unwrap_or(SEED);
    let first = variable("FUZZ_FIRST").unwrap_or(0);
    let end = first + variable("FUZZ_INPUTS").map_or(T::FEW, |inputs| inputs.div_ceil(T::WEIGHT));
    let (begun, mut totals) = (Instant::now(), Totals::new());
    let mut from = first;
    while from < end {
        let to = end.min((from / T::BATCH + 1) * T::BATCH);
        for (answer, count) in batch::<T>(seed, from, to) {
            *totals.entry(answer).or_default() += count;
        }
        from = to;
    }
    let inputs = end - first;
    let seconds = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = inputs as f64 / seconds;
    figures::show(&format!(
        "fuzz {}: {inputs} inputs of seed {seed} in {seconds:.1} s ({rate:.0} a second): {totals:?}",
        T::NAME
    ));
    // The repetition of a failure has few inputs.
    for (words, per_thousand) in T::FLOORS.iter().filter(|_| inputs >= T::FEW) {
        let with = totals.iter().filter(|(answer, _)| answer.starts_with(words));
        let count = with.map(|(_, count)| count).sum::<u64>();
        assert!(
            count * 1_000 >= per_thousand * inputs,
            "{count} times {words}, expected {per_thousand} of a thousand"
        );
    }
}

fn batch<T: Target + 'static>(seed: u64, from: u64, to: u64) -> Totals {
    let at = Arc::new(AtomicU64::new(from));
    let (done, result) = mpsc::channel();
    let progress = Arc::clone(&at);
    let thread = std::thread::Builder::new().name(thread_name::<T>());
    let worker = thread.spawn(move || {
        // Nobody listens any more after the time limit.
        let _ = done.send(try_all::<T>(seed, from, to, &progress));
    });
    worker.unwrap();
    let name = T::NAME;
    let replay = |last: u64| {
        let inputs = (last - from + 1) * T::WEIGHT;
        format!(
            "input {last} of seed {seed}; to repeat its batch up to it: FUZZ_SEED={seed} FUZZ_FIRST={from} FUZZ_INPUTS={inputs} \
             cargo test --test integration fuzzing::{name}"
        )
    };
    match result.recv_timeout(BATCH_LIMIT) {
        Ok(Ok(totals)) => totals,
        Ok(Err((input, wrong))) => panic!("{}\n{}\n{}", wrong.problem, replay(input), wrong.input),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            panic!("no end after {BATCH_LIMIT:?}\n{}", replay(at.load(Ordering::SeqCst)))
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            panic!("the test itself panicked\n{}", replay(at.load(Ordering::SeqCst)))
        }
    }
}

fn try_all<T: Target>(seed: u64, from: u64, to: u64, progress: &AtomicU64) -> Result<Totals, (u64, Wrong)> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // Panics of the threads that wait for the database count as well.
    let runtime = runtime.enable_all().thread_name(thread_name::<T>()).build().unwrap();
    runtime.block_on(async {
        let mut target = T::start().await;
        let mut totals = Totals::new();
        for input in from..to {
            progress.store(input, Ordering::SeqCst);
            let answer = target.try_one(&mut Mutator::new(seed, input)).await;
            let answer = answer.map_err(|wrong| (input, wrong))?;
            if let Some(place) = panicked::<T>() {
                let problem = format!("a panic: {place}");
                return Err((input, Wrong { problem, input: answer }));
            }
            *totals.entry(answer).or_default() += 1;
        }
        let end = target.end().await;
        end.map(|()| totals).map_err(|problem| {
            // It shows after the whole batch.
            (
                to - 1,
                Wrong {
                    problem,
                    input: String::new(),
                },
            )
        })
    })
}

fn thread_name<T: Target>() -> String {
    format!("fuzz-{}", T::NAME)
}

/// The handler answers 500 after a panic, so the panic itself is noted.
fn note_panics() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if let Some(name) = std::thread::current().name().filter(|name| name.starts_with("fuzz-")) {
                let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
                panics.push((name.to_owned(), panicked.to_string()));
            }
            hook(panicked);
        }));
    });
}

fn panicked<T: Target>() -> Option<String> {
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    let name = thread_name::<T>();
    panics
        .iter()
        .find(|(thread, _)| *thread == name)
        .map(|(_, place)| place.clone())
}
