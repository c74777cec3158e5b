//! `local-stack run`: plays the events of all sample billers at once, then prints the table and the verdict.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use local_stack::{HttpAnswer, Stack, StackError, StackOptions};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::billers::{BILLERS, SampleBiller};
use super::console::{BillerLine, Console};
use super::people::Count;
use super::reports;
use super::scenario::{Act, load};
use super::sign_ins;
use super::signals::{INTERRUPTED, StopSignals};
use super::table;
use super::totals::Totals;
use super::verdict::Row;

/// Time limit of one event. It is for runs that never end, not for slow machines: all events together take a fraction
/// of it.
const DEADLINE: Duration = Duration::from_mins(15);
/// Time between two looks at a biller's status.
const POLL: Duration = Duration::from_millis(150);
/// Users per page: small, so that the bars move.
const USERS_PER_PAGE: &str = "250";
/// Second factors of the pools: nobody has one at first, so people skip them.
const SECOND_FACTORS: &str = "totp, email_otp";
/// Number of log lines shown when a biller did not end as expected.
const ERROR_LINES: usize = 5;

/// Plays all events; the exit code is 0 when every event ended as expected.
pub(super) async fn run(options: StackOptions, log: &Path, keep: bool) -> Result<ExitCode, StackError> {
    let begun = Instant::now();
    let mut signals = StopSignals::catch();
    let options = options
        .set("USERS_PER_PAGE", USERS_PER_PAGE)
        .set("SECOND_FACTOR_MECHANISMS", SECOND_FACTORS);
    let Some(stack) = signals.or_told_to_stop(Stack::start(options)).await else {
        return Ok(interrupted());
    };
    let stack = Arc::new(stack?);
    say!(
        "{} sample billers: events go to {}, SecureAuth is the simulator at {}\n",
        BILLERS.len(),
        stack.front_door().base_url(),
        stack.simulator().base_url()
    );
    for biller in &BILLERS {
        load(stack.crm(), stack.simulator(), biller)?;
    }
    let console = Console::new();
    let mut stories = begin(&stack, &console);
    let rows = tokio::select! {
        rows = ended(&mut stories) => rows?,
        () = signals.told_to_stop() => {
            stories.shutdown().await;
            console.close();
            stop(stack, false).await;
            return Ok(interrupted());
        }
    };
    console.close();
    say!("\n{}\n", table::render(&rows, console.width()));
    say!("{}\n", reports::render(&rows));
    say!("{}\n", sign_ins::render(&rows));
    let complaints = complaints(&stack, &rows);
    let directory = stack.directory().to_owned();
    let error_lines = stack.error_lines();
    let keep = keep || !complaints.is_empty();
    stop(stack, keep).await;
    let seconds = begun.elapsed().as_secs_f64();
    if complaints.is_empty() {
        say!(
            "{} events in {seconds:.1} s, each as expected. SecureAuth holds {}, and the database says the same.\n{}, listed above.",
            rows.len(),
            Totals::expected(),
            people(&rows)
        );
    } else {
        say!("NOT as expected, after {seconds:.1} s:");
        for complaint in &complaints {
            say!("  ✗ {complaint}");
        }
        say!("The handler's last warnings and errors:");
        for line in error_lines.iter().skip(error_lines.len().saturating_sub(ERROR_LINES)) {
            say!("  {line}");
        }
    }
    if keep {
        say!("Database: {}", directory.join("biller-onboarding.db").display());
    }
    say!("Log of handler and host: {}", log.display());
    Ok(if complaints.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn interrupted() -> ExitCode {
    say!("Interrupted: every process is stopped, and the folder with the database is removed.");
    ExitCode::from(INTERRUPTED)
}

/// A biller's place in the list, and the results of its events.
type Story = (usize, Result<Vec<Row>, StackError>);

fn begin(stack: &Arc<Stack>, console: &Console) -> JoinSet<Story> {
    let mut stories = JoinSet::new();
    for (place, biller) in BILLERS.iter().enumerate() {
        let (stack, line) = (Arc::clone(stack), console.line(biller));
        stories.spawn(async move { (place, play(&stack, biller, line).await) });
    }
    stories
}

/// All rows in the order of the billers. A task that panicked has said so on stderr; its biller is missing in the totals.
async fn ended(stories: &mut JoinSet<Story>) -> Result<Vec<Row>, StackError> {
    let mut ended = Vec::new();
    while let Some(story) = stories.join_next().await {
        ended.extend(story);
    }
    ended.sort_by_key(|(place, _)| *place);
    let mut rows = Vec::new();
    for (_, story) in ended {
        rows.extend(story?);
    }
    Ok(rows)
}

/// Stops the stack. No task uses it any more.
async fn stop(stack: Arc<Stack>, keep: bool) {
    if let Some(stack) = Arc::into_inner(stack) {
        stack.stop(keep).await;
    }
}

async fn play(stack: &Stack, biller: &'static SampleBiller, mut line: BillerLine) -> Result<Vec<Row>, StackError> {
    let mut rows = Vec::new();
    for act in biller.acts {
        act.change.apply(stack, biller)?;
        let begun = Instant::now();
        line.begin(act);
        // An HTTP API that does not answer is a result too: database and SecureAuth are checked all the same.
        let (status, failure) = match fire(stack, biller.id, act, &mut line).await {
            Ok(status) => (status, None),
            Err(error) => ("error".to_owned(), Some(error.to_string())),
        };
        let mut row = Row::judge(stack, biller, *act, &status, begun.elapsed())?;
        row.disagreements.extend(failure);
        row.sign_ins = sign_ins::sign_in(stack, biller, &row)?;
        let wrong = row.sign_ins.iter().filter_map(|it| it.disagreement.clone());
        row.disagreements.extend(wrong);
        let done = row.observed.done.as_deref().unwrap_or_default();
        line.end(&format!("{} {status}{done}", if row.is_good() { "✓" } else { "✗" }));
        rows.push(row);
    }
    Ok(rows)
}

/// Sends the event and polls the status as the CRM does. Returns the last status.
async fn fire(stack: &Stack, biller_id: &str, act: &Act, line: &mut BillerLine) -> Result<String, StackError> {
    let end = Instant::now() + DEADLINE;
    let answer = act.event.send(stack, biller_id).await?;
    if !matches!(answer.status, 200 | 202) {
        return Ok(format!("{} {}", answer.status, answer.text_at("/code")));
    }
    loop {
        let status: HttpAnswer = stack.front_door().status(biller_id).await?;
        line.update(&status);
        if !is_open(&status) || Instant::now() >= end {
            return Ok(status.text_at("/status").to_owned());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Whether the biller's run goes on by itself: forward, or rolling back.
fn is_open(status: &HttpAnswer) -> bool {
    let state = status.text_at("/onboarding/state");
    matches!(state, "queued" | "running" | "waiting" | "rolling_back")
}

/// The people of all billers that have an organization in the end.
fn people(rows: &[Row]) -> Count {
    let last = rows.chunk_by(|row, next| row.biller.id == next.biller.id);
    let last = last.filter_map(<[Row]>::last);
    let onboarded = last.filter(|row| row.act.ending.has_organization());
    onboarded.map(|row| Count::of(&row.observed.people)).sum()
}

/// Everything that is not as expected, as sentences.
fn complaints(stack: &Stack, rows: &[Row]) -> Vec<String> {
    let bad = rows.iter().filter(|row| !row.is_good());
    let mut complaints: Vec<_> = bad
        .map(|row| {
            format!(
                "biller {}, {}:\n      {}",
                row.biller.id,
                row.act.label(),
                row.disagreements.join("\n      ")
            )
        })
        .collect();
    let (expected, found) = (Totals::expected(), Totals::in_secureauth(stack));
    if expected != found {
        complaints.push(format!("SecureAuth as a whole: expected {expected}, found {found}"));
    }
    complaints.extend(stack.violations());
    let restarts: u32 = stack.hosts().iter().map(functions_host::FunctionsHost::restarts).sum();
    if restarts > 0 {
        complaints.push(format!("the handler ended by itself {restarts} times"));
    }
    complaints
}
