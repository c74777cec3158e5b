//! What a person reads about a biller: a status and one sentence. `GET` and the command `status` show the same.

use strum::{IntoStaticStr, VariantNames};

use super::biller::{BillerCiam, CiamState};
use super::messages;
use super::run::{Kind, Run, RunState};
use super::toggle_event::Source;

/// How a biller's CIAM stands, for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// A run is under way, and nothing has made it fail.
    Processing,
    /// People sign in through SecureAuth; also while a sync rolls back, and after one that failed.
    Active,
    /// The latest enable or disable run failed, or is rolling back.
    Failed,
    /// The latest run waits for an operator.
    Stuck,
    /// Switched off.
    Inactive,
    /// Never switched on.
    NotEnabled,
}

/// A biller's status and sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForPeople {
    /// In one word.
    pub status: Status,
    /// The sentence to show.
    pub message: &'static str,
    /// The run succeeded, but some rows had data errors, or some sessions did not end.
    pub completed_with_issues: bool,
}

impl ForPeople {
    /// `run`: the biller's latest one.
    pub fn of(biller: &BillerCiam, run: Option<&Run>) -> Self {
        let say = |status, message| Self {
            status,
            message,
            completed_with_issues: false,
        };
        let Some(run) = run else {
            return Self::without_run(biller.state);
        };
        match run.state {
            RunState::Queued | RunState::Running | RunState::Waiting => say(Status::Processing, under_way(run.kind)),
            RunState::Stuck => say(Status::Stuck, went_wrong(run.kind)),
            // A sync that fails leaves its biller active.
            RunState::RollingBack | RunState::Failed if run.kind == Kind::Sync => {
                say(Status::Active, went_wrong(run.kind))
            }
            RunState::RollingBack | RunState::Failed => say(Status::Failed, went_wrong(run.kind)),
            RunState::Succeeded => Self {
                completed_with_issues: run.issues_total > 0,
                ..Self::without_run(biller.state)
            },
            RunState::Cancelled => Self::without_run(biller.state),
        }
    }

    fn without_run(state: CiamState) -> Self {
        let (status, message) = match state {
            CiamState::Active => (Status::Active, messages::ENABLED),
            CiamState::Inactive => (Status::Inactive, messages::DISABLED),
            CiamState::NotEnabled => (Status::NotEnabled, messages::NEVER_ENABLED),
        };
        Self {
            status,
            message,
            completed_with_issues: false,
        }
    }
}

fn under_way(kind: Kind) -> &'static str {
    match kind {
        Kind::Enable | Kind::Sync => messages::ENABLING,
        Kind::Disable => messages::DISABLING,
    }
}

fn went_wrong(kind: Kind) -> &'static str {
    match kind {
        Kind::Enable => messages::NOT_ENABLED,
        Kind::Sync => messages::NOT_SYNCED,
        Kind::Disable => messages::NOT_DISABLED,
    }
}

/// Where a person tries again after a failed Wizard run, because the Wizard cannot be submitted twice.
pub fn retry_from(run: &Run) -> Option<&'static str> {
    let failed = matches!(run.state, RunState::Failed | RunState::Cancelled);
    (failed && run.source.parse() == Ok(Source::BillerWizard)).then_some(messages::RETRY_FROM)
}

#[cfg(test)]
mod tests {
    use strum::VariantNames;

    use super::*;

    #[test]
    fn people_read_these_and_no_others() {
        let read = ["processing", "active", "failed", "stuck", "inactive", "not_enabled"];
        assert_eq!(Status::VARIANTS, read);
    }
}
