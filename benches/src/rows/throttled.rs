//! The handler at a server that allows so many calls a second.

use time::{Duration, OffsetDateTime};

use super::Recorder;
use crate::error::BenchError;
use crate::measure::{IMPORT, Measured, load, measure, seconds};
use crate::plan::{Goal, Plan, Throttled};
use crate::program::{Program, Programs};
use crate::results::{Results, Row};

const BILLER: &str = "1001";
const MODULES: [&str; 3] = ["oauth2", "system", "identity"];

/// Once per rate: nothing but the rate decides how long it takes.
pub(super) async fn measure_all(plan: &Plan, programs: &Programs, results: &mut Results) -> Result<(), BenchError> {
    for throttled in &plan.throttled {
        let Throttled {
            rate,
            burst,
            users,
            goal,
        } = *throttled;
        let stack = programs.stack(Program::Handler).await?;
        load(&stack, BILLER, users)?;
        for module in MODULES {
            let switch = format!("rate-limit-{module}");
            let set = stack.simulator().set_switch(&switch, &format!("{rate}/1000/{burst}"));
            set.map_err(|error| BenchError::Simulator(error.to_string()))?;
        }
        let one = measure(&stack, BILLER, users).await?;
        stack.stop(false).await;
        let time = seconds(one.posted, one.active);
        let shares = shares(&one, plan.learning_seconds, rate);
        let remark = format!(
            "{} {}",
            what_was_sent(throttled, &one),
            verdict(goal, time, shares, plan.learning_seconds)
        );
        eprintln!("bench: {remark}");
        results.remarks.push(remark);
        let mut recorder = Recorder {
            results,
            program: Program::Handler,
            run: 1,
            latency_ms: 0,
            users,
        };
        recorder.add(Row::Throttled, time);
        if let Some((used, refused)) = shares {
            recorder.add(Row::AllowedUsed, used);
            recorder.add(Row::Refused, refused);
        }
    }
    Ok(())
}

/// From so many seconds after the first import to the last one: accepted imports ÷ allowed ones, and refused ÷ all of them.
/// `None` if the import ends sooner.
fn shares(one: &Measured, learning_seconds: u32, rate: u32) -> Option<(f64, f64)> {
    let imports = || {
        one.calls
            .iter()
            .filter(|call| call.operation.as_deref() == Some(IMPORT))
    };
    let begin: OffsetDateTime = imports().next()?.at + Duration::seconds(learning_seconds.into());
    let end = imports().next_back()?.at;
    let (mut accepted, mut refused) = (0.0, 0.0);
    for call in imports().filter(|call| call.at >= begin) {
        match call.status {
            Some(429) => refused += 1.0,
            _ => accepted += 1.0,
        }
    }
    let allowed = f64::from(rate) * (end - begin).as_seconds_f64();
    (end > begin).then(|| (accepted / allowed, refused / (accepted + refused)))
}

/// Whether the goal is met.
fn verdict(goal: Goal, time: f64, shares: Option<(f64, f64)>, learning_seconds: u32) -> String {
    let met = |is_met| if is_met { "met" } else { "not met" };
    match (goal, shares) {
        (Goal::Ends, _) => "Goal, that it ends: met.".to_owned(),
        (Goal::Seconds(most), _) => format!("Goal, at most {most} s: {}.", met(time <= most)),
        (Goal::Shares { .. }, None) => {
            format!("It ends within the {learning_seconds} s for learning the rate, so its goal is not judged.")
        }
        (Goal::Shares { used, refused }, Some((is_used, is_refused))) => format!(
            "After {learning_seconds} s {is_used:.3} of what is allowed is accepted and {is_refused:.3} of the calls are refused. Goal, \
             at least {used} and at most {refused}: {}.",
            met(is_used >= used && is_refused <= refused)
        ),
    }
}

fn what_was_sent(throttled: &Throttled, one: &Measured) -> String {
    let Throttled { rate, burst, .. } = throttled;
    let refused = one.calls.iter().filter(|call| call.status == Some(429)).count();
    let time = seconds(one.posted, one.active);
    let all = one.calls.len();
    format!(
        "At {rate} calls a second, {burst} at once, the handler sends {all} calls in {time:.1} s; {refused} of them are refused with 429."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_or_not() {
        let shares = Goal::Shares {
            used: 0.95,
            refused: 0.01,
        };
        for (goal, measured, ending) in [
            (Goal::Seconds(6.0), None, ": met."),
            (Goal::Seconds(4.0), None, ": not met."),
            (shares, Some((0.96, 0.01)), ": met."),
            (shares, Some((0.94, 0.0)), ": not met."),
            (shares, Some((0.96, 0.02)), ": not met."),
            (shares, None, "not judged."),
        ] {
            let verdict = verdict(goal, 5.0, measured, 60);
            assert!(verdict.ends_with(ending), "{verdict}");
        }
    }
}
