//! Kills the process after each commit: as soon as SQLite shows the n-th journal entry of a run, or its next state.
//!
//! A case counts only if the database shows exactly that commit once the process is dead. So that it mostly does, the commit
//! that would follow is made slow. Where the process was too fast all the same, the case is tried again with another biller.

use std::time::Duration;

use local_stack::{Stack, StackOptions};
use rusqlite::Connection;
use secureauth_simulator::Fault;
use tokio::time::Instant;

use super::invariant::{Before, Verdict, assert_invariant};
use super::kill::short_lease;
use super::lane::{begin, end, in_lanes, prepare};
use super::report::{self, Went};
use super::scenario::{Course, Scenario};
use super::share;
use super::tries::tried;
use crate::support::{DEADLINE, refusal};

/// By default every so many-th commit.
const SHARE: usize = 5;
/// Attempts per commit.
const TRIES: usize = 3;

/// What the database shows of a run after a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    entries: usize,
    /// `None`: any state.
    state: Option<String>,
}

fn reporting() -> StackOptions {
    short_lease().set("STUCK_REPORT_EVERY", "300ms")
}

/// The refusal of the rollback that makes the run stuck.
fn last_refusal(course: Course) -> Fault {
    let (operation, from) = match course.scenario {
        Scenario::NewBiller => ("delete_organization", 1),
        Scenario::DeactivatedOrganization => ("delete_pool", 1),
        _ => ("delete_user", 1),
    };
    Fault::on(operation, refusal(500, false)).nth(from).every(1)
}

/// Kills the process after the commits of a course, which may end stuck. Panics with all cases in which the invariant does not
/// hold.
pub(super) async fn run(course: Course, gets_stuck: bool) {
    let commits = tried("a clean run", || clean(course, gets_stuck))
        .await
        .expect("a clean run");
    let last = commits.last().cloned();
    let mut commits = share(commits, SHARE);
    if !commits.contains(last.as_ref().expect("a run has commits")) {
        commits.extend(last);
    }
    let cases = commits.into_iter().enumerate().collect();
    let work = move |stack, cases| lane(stack, course, gets_stuck, cases);
    let went = in_lanes(reporting, cases, work).await;
    let counted: Vec<Went> = went.into_iter().flatten().collect();
    report::judge(course, &counted);
}

/// The commits of a run that nobody kills.
async fn clean(course: Course, gets_stuck: bool) -> Result<Option<Vec<Shown>>, Box<dyn std::error::Error>> {
    let stack = Stack::start(reporting()).await?;
    prepare(&stack, course, &["clean".to_owned()]).await?;
    begin(&stack, course, "clean", |stack| {
        if gets_stuck {
            stack.simulator().faults().add(last_refusal(course));
        }
    })
    .await?;
    let run = stack.wait_for_end("clean", DEADLINE).await?;
    let expected = if gets_stuck {
        "stuck"
    } else if course.rolled_back {
        "failed"
    } else {
        "succeeded"
    };
    if run.state != expected {
        return Ok(None);
    }
    let journal = stack.database().journal(&run.onboarding_id)?;
    let in_state = |entries, state: &str| Shown {
        entries,
        state: Some(state.to_owned()),
    };
    let mut commits = vec![in_state(0, "queued"), in_state(0, "running")];
    commits.extend((1..=journal.len()).map(|entries| Shown { entries, state: None }));
    commits.push(in_state(journal.len(), expected));
    Ok(Some(commits))
}

async fn lane(stack: Stack, course: Course, gets_stuck: bool, commits: Vec<(usize, Shown)>) -> Vec<Option<Went>> {
    let biller = |number: &usize, attempt: usize| format!("commit-{number}-{attempt}");
    let attempts = |number| (0..TRIES).map(move |attempt| biller(number, attempt));
    let billers: Vec<String> = commits.iter().flat_map(|(number, _)| attempts(number)).collect();
    prepare(&stack, course, &billers)
        .await
        .expect("what a course needs is created");
    let mut went = Vec::new();
    for (number, commit) in commits {
        let name = format!("{course:?}, stuck: {gets_stuck}: killed after {commit:?}");
        let mut result = None;
        for attempt in 0..TRIES {
            let outcome = one(&stack, course, gets_stuck, &biller(&number, attempt), &commit).await;
            stack.simulator().faults().clear();
            match outcome {
                Ok((true, verdict)) => result = Some(Ok(verdict)),
                Ok((false, _)) => continue,
                Err(error) => result = Some(Err(error.to_string())),
            }
            break;
        }
        if result.is_none() {
            println!("not counted: {name}");
        }
        went.push(result.map(|result| (name, result)));
    }
    went
}

/// The verdict, and whether the process was dead before the next commit.
async fn one(
    stack: &Stack,
    course: Course,
    gets_stuck: bool,
    biller: &str,
    commit: &Shown,
) -> Result<(bool, Verdict), Box<dyn std::error::Error>> {
    let database = Connection::open(stack.database().path())?;
    database.busy_timeout(DEADLINE)?;
    slow_down(&database, biller, commit)?;
    let snapshot = begin(stack, course, biller, |stack| {
        if gets_stuck {
            stack.simulator().faults().add(last_refusal(course));
        }
    })
    .await?;
    let end_of_wait = Instant::now() + DEADLINE;
    let reached = |now: &Shown| {
        now.entries > commit.entries
            || (now.entries == commit.entries && (commit.state.is_none() || now.state == commit.state))
    };
    loop {
        let now = shown(&database, biller)?;
        if reached(&now) || matches!(now.state.as_deref(), Some("succeeded" | "failed" | "stuck")) {
            break;
        }
        assert!(Instant::now() < end_of_wait, "{biller}: {commit:?} never came: {now:?}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stack.host().kill_handler().await;
    let now = shown(&database, biller)?;
    let exactly = now.entries == commit.entries && (commit.state.is_none() || now.state == commit.state);
    database.execute_batch("DROP TRIGGER slow_entry; DROP TRIGGER slow_state; DROP VIEW slow;")?;
    end(stack, biller).await?;
    let run = stack.wait_for_end(biller, DEADLINE).await?;
    if exactly && commit.state.as_deref() == Some("stuck") {
        let listed = stack.handler().run(&["list", "--stuck"]).await?;
        if !listed.contains(&run.onboarding_id) {
            return Err(format!("`list --stuck` does not show {}:\n{listed}", run.onboarding_id).into());
        }
    }
    let before = Before::of(course, biller, &snapshot);
    Ok((exactly, assert_invariant(stack, &before).await?))
}

fn shown(database: &Connection, biller: &str) -> rusqlite::Result<Shown> {
    let sql = "SELECT (SELECT count(*) FROM onboarding_journal WHERE onboarding_id = r.onboarding_id), state
               FROM onboarding r WHERE biller_id = ?1 ORDER BY run_no DESC LIMIT 1";
    database.query_row(sql, [biller], |row| {
        Ok(Shown {
            entries: usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default(),
            state: row.get(1)?,
        })
    })
}

/// Makes the commit that follows take longer than a kill.
fn slow_down(database: &Connection, biller: &str, commit: &Shown) -> rusqlite::Result<()> {
    let entries = commit.entries;
    let state = commit.state.as_deref().unwrap_or_default();
    database.execute_batch(&format!(
        "CREATE VIEW slow AS WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT 200000)
            SELECT count(*) AS count FROM number;
         CREATE TRIGGER slow_entry BEFORE INSERT ON onboarding_journal
            WHEN (SELECT count(*) FROM onboarding_journal WHERE onboarding_id = NEW.onboarding_id) = {entries}
            AND (SELECT biller_id FROM onboarding WHERE onboarding_id = NEW.onboarding_id) = '{biller}'
            BEGIN SELECT count FROM slow; END;
         CREATE TRIGGER slow_state BEFORE UPDATE OF state ON onboarding
            WHEN OLD.biller_id = '{biller}' AND OLD.state = '{state}' AND NEW.state <> OLD.state
            BEGIN SELECT count FROM slow; END;"
    ))
}
