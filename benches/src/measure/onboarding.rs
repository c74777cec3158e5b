//! One onboarding from the POST to Active.

use std::time::Duration;

use local_stack::{Stack, UserRow};
use secureauth_simulator::{CallRecord, Fault, FaultKind};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::{IMPORT, now};
use crate::error::BenchError;
use crate::process;

/// The longest onboarding: a million users in a second per chunk on one slot would take less.
const DEADLINE: Duration = Duration::from_hours(3);
/// Time between two looks at the CRM's table.
const LOOK: Duration = Duration::from_millis(2);
/// Users that are put into the CRM at once.
const BATCH: u32 = 10_000;

/// What was seen of one onboarding.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) posted: OffsetDateTime,
    pub(crate) accepted: OffsetDateTime,
    pub(crate) active: OffsetDateTime,
    /// CPU time of the program from the POST to Active.
    pub(crate) cpu: Duration,
    /// Most memory of the program since it started, in MiB.
    pub(crate) peak_memory: f64,
    /// Calls to SecureAuth.
    pub(crate) calls: Vec<CallRecord>,
}

/// Puts a biller with sample users into the CRM.
pub(crate) fn load(stack: &Stack, biller: &str, users: u32) -> Result<(), BenchError> {
    stack.crm().add_biller(biller, "City of Springfield")?;
    let mut first = 1;
    while first <= users {
        let last = users.min(first + BATCH - 1);
        let rows: Vec<_> = (first..=last).map(|number| UserRow::sample(biller, number)).collect();
        stack.crm().add_users(biller, &rows)?;
        first = last + 1;
    }
    Ok(())
}

/// Makes the simulator wait before every import.
pub(crate) fn delay_imports(simulator: &secureauth_simulator::Simulator, ms: u64) {
    if ms > 0 {
        let after_effect = false;
        simulator
            .faults()
            .add(Fault::on(IMPORT, FaultKind::Delay { ms, after_effect }));
    }
}

/// Makes the simulator wait before every call.
pub(crate) fn delay_everything(stack: &Stack, ms: u64) {
    let after_effect = false;
    let mut fault = Fault::on(IMPORT, FaultKind::Delay { ms, after_effect });
    fault.operation = None;
    stack.simulator().faults().add(fault);
}

/// Sends the toggle event, which has to start a run.
pub(crate) async fn accept(stack: &Stack, biller: &str) -> Result<(), BenchError> {
    let answer = stack.front_door().toggle(biller, true).await?;
    if answer.status == 202 {
        return Ok(());
    }
    Err(BenchError::NotAccepted {
        biller: biller.to_owned(),
        status: answer.status,
        text: answer.text,
    })
}

/// Waits until the CRM shows the biller as active. Returns the time.
pub(crate) async fn until_active(stack: &Stack, biller: &str) -> Result<OffsetDateTime, BenchError> {
    let end = Instant::now() + DEADLINE;
    loop {
        let status = stack.crm().product_ciam(biller)?.map(|ciam| ciam.status);
        if status.as_deref() == Some("Active") {
            return Ok(now());
        }
        let run = stack.database().latest_run(biller)?;
        let has_failed = run.is_some_and(|run| run.has_ended() && run.state != "succeeded");
        if has_failed || Instant::now() >= end {
            return Err(not_active(stack, biller));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until the biller's latest run has succeeded.
pub(crate) async fn until_ended(stack: &Stack, biller: &str) -> Result<(), BenchError> {
    let end = Instant::now() + DEADLINE;
    loop {
        match stack.database().latest_run(biller)? {
            Some(run) if run.has_ended() && run.state == "succeeded" => return Ok(()),
            Some(run) if run.has_ended() || Instant::now() >= end => return Err(not_active(stack, biller)),
            _ => tokio::time::sleep(LOOK).await,
        }
    }
}

fn not_active(stack: &Stack, biller: &str) -> BenchError {
    let lines = stack.error_lines();
    BenchError::NotActive {
        biller: biller.to_owned(),
        deadline: DEADLINE,
        errors: lines.split_at(lines.len().saturating_sub(5)).1.join("\n"),
    }
}

/// Onboards one biller that is in the CRM, and checks how many users SecureAuth holds afterwards.
pub(crate) async fn measure(stack: &Stack, biller: &str, users: u32) -> Result<Measured, BenchError> {
    let pid = stack.host().handler_pid();
    let pid = pid.ok_or_else(|| BenchError::NoProcess("the program".to_owned()))?;
    let before = process::cpu_time(pid)?;
    let posted = now();
    accept(stack, biller).await?;
    let accepted = now();
    let active = until_active(stack, biller).await?;
    let cpu = process::cpu_time(pid)?.saturating_sub(before);
    let found = stack.in_secureauth(biller).users;
    if found != u64::from(users) {
        return Err(BenchError::WrongUsers {
            biller: biller.to_owned(),
            expected: users,
            found,
        });
    }
    Ok(Measured {
        posted,
        accepted,
        active,
        cpu,
        peak_memory: process::peak_memory(pid)?,
        calls: stack.simulator().calls(),
    })
}
