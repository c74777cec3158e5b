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
        let (status, message) = told(biller.state, run.map(|run| (run.kind, run.state)));
        Self {
            status,
            message,
            completed_with_issues: run.is_some_and(|run| run.state == RunState::Succeeded && run.issues_total > 0),
        }
    }
}

/// Status and sentence (docs/ARCHITECTURE.md#event-table).
fn told(ciam: CiamState, latest: Option<(Kind, RunState)>) -> (Status, &'static str) {
    use RunState::{Cancelled, Failed, Queued, RollingBack, Running, Stuck, Succeeded, Waiting};
    match latest {
        Some((kind, Queued | Running | Waiting)) => (Status::Processing, under_way(kind)),
        // A sync that fails leaves its biller active.
        Some((Kind::Sync, RollingBack | Failed)) => (Status::Active, went_wrong(Kind::Sync)),
        Some((kind, RollingBack | Failed)) => (Status::Failed, went_wrong(kind)),
        Some((kind, Stuck)) => (Status::Stuck, went_wrong(kind)),
        Some((_, Succeeded | Cancelled)) | None => match ciam {
            CiamState::Active => (Status::Active, messages::ENABLED),
            CiamState::Inactive => (Status::Inactive, messages::DISABLED),
            CiamState::NotEnabled => (Status::NotEnabled, messages::NEVER_ENABLED),
        },
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

    #[test]
    fn people_read_the_same_while_a_run_rolls_back_and_after_it_failed() {
        for (kind, ciam, status, message) in [
            (
                Kind::Enable,
                CiamState::NotEnabled,
                Status::Failed,
                messages::NOT_ENABLED,
            ),
            (Kind::Enable, CiamState::Inactive, Status::Failed, messages::NOT_ENABLED),
            (Kind::Sync, CiamState::Active, Status::Active, messages::NOT_SYNCED),
            (Kind::Disable, CiamState::Active, Status::Failed, messages::NOT_DISABLED),
        ] {
            for state in [RunState::RollingBack, RunState::Failed] {
                assert_eq!(told(ciam, Some((kind, state))), (status, message), "{kind} {state}");
            }
        }
    }

    #[test]
    fn a_run_that_ended_well_or_never_began_leaves_the_word_to_the_biller() {
        for latest in [
            None,
            Some((Kind::Sync, RunState::Succeeded)),
            Some((Kind::Sync, RunState::Cancelled)),
        ] {
            assert_eq!(told(CiamState::Active, latest), (Status::Active, messages::ENABLED));
        }
    }
}
