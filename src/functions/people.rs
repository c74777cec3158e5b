//! What a person reads about a biller: a status and one sentence.

use strum::IntoStaticStr;

use crate::domain::biller::{BillerCiam, CiamState};
use crate::domain::messages;
use crate::domain::run::{Kind, Run, RunState};
use crate::domain::toggle_event::Source;

/// How a biller's CIAM stands, for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[cfg_attr(test, derive(strum::VariantNames))]
#[strum(serialize_all = "snake_case")]
pub(super) enum Status {
    Processing,
    Active,
    Failed,
    Stuck,
    Inactive,
    NotEnabled,
}

/// A biller's status and sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ForPeople {
    pub(super) status: Status,
    pub(super) message: &'static str,
    /// The run succeeded, but some rows had data errors, or some sessions did not end.
    pub(super) completed_with_issues: bool,
}

impl ForPeople {
    pub(super) fn of(biller: &BillerCiam, run: Option<&Run>) -> Self {
        let say = |status, message| Self {
            status,
            message,
            completed_with_issues: false,
        };
        match run {
            Some(run) if run.state.is_open() => say(Status::Processing, under_way(run.kind)),
            Some(run) if run.state == RunState::Stuck => say(Status::Stuck, went_wrong(run.kind)),
            Some(run) if run.state == RunState::Failed => say(Status::Failed, went_wrong(run.kind)),
            run => match biller.state {
                CiamState::Active => say(Status::Active, messages::ENABLED).completed(run),
                CiamState::Inactive => say(Status::Inactive, messages::DISABLED).completed(run),
                CiamState::NotEnabled => say(Status::NotEnabled, messages::NEVER_ENABLED),
            },
        }
    }

    fn completed(self, run: Option<&Run>) -> Self {
        Self {
            completed_with_issues: run.is_some_and(|run| run.state == RunState::Succeeded && run.issues_total > 0),
            ..self
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
        Kind::Enable | Kind::Sync => messages::NOT_ENABLED,
        Kind::Disable => messages::NOT_DISABLED,
    }
}

/// Where a person tries again after a failed Wizard run, because the Wizard cannot be submitted twice.
pub(super) fn retry_from(run: &Run) -> Option<&'static str> {
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
