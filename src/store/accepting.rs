//! What is read before a toggle event is decided, and what is written afterwards. Both adapters use it.

use super::Acceptance;
use crate::domain::biller::{BillerCiam, CiamState};
use crate::domain::ids::OnboardingId;
use crate::domain::issue::Code;
use crate::domain::run::{Kind, Run};
use crate::domain::text;
use crate::domain::toggle_event::{Decision, RecordedEvent, RunHead, Snapshot, ToggleEvent, decide};

/// What was read under the biller's lock.
#[derive(Debug)]
pub(super) struct Found {
    /// The recorded event with the same id: its fingerprint, and the run it led to.
    pub(super) event: Option<(String, Option<Run>)>,
    /// The biller's row of `ciam.Biller`.
    pub(super) listed: Option<Listed>,
    /// The biller's row of `BillerCiam`.
    pub(super) biller: Option<BillerCiam>,
    /// The biller's open or stuck run.
    pub(super) blocking: Option<Run>,
}

/// A row of `ciam.Biller`.
#[derive(Debug)]
pub(super) struct Listed {
    /// As [`super::BillerView::name`].
    pub(super) name: Result<String, Code>,
}

impl Listed {
    pub(super) fn new(name: Option<&str>) -> Self {
        Self {
            name: text::usable(name).map(str::to_owned),
        }
    }
}

/// The decision, and what to write because of it.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) decision: Decision,
    /// The run to start.
    pub(super) start: Option<Start>,
    /// Whether to record the event.
    pub(super) records_event: bool,
    /// The run to record with the event.
    pub(super) event_run: Option<OnboardingId>,
    biller: BillerCiam,
    known: Option<Run>,
}

/// What is known of a run before it starts.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) kind: Kind,
    pub(super) biller_name: Option<String>,
    pub(super) generation: u32,
    /// True if `BillerCiam` has no row of this biller yet.
    pub(super) first: bool,
}

impl Found {
    /// Decides about the event with [`decide`], and says what to write.
    pub(super) fn accepted(self, event: &ToggleEvent) -> Accepted {
        let decision = decide(event, &self.snapshot());
        let first = self.biller.is_none();
        let biller = self
            .biller
            .unwrap_or_else(|| BillerCiam::untouched(event.biller_id.clone()));
        let (start, event_run, known) = match &decision {
            Decision::Start(kind) => {
                let start = Start {
                    kind: *kind,
                    biller_name: self.listed.and_then(|listed| listed.name.ok()),
                    generation: biller.generation,
                    first,
                };
                (Some(start), Some(event.onboarding_id), None)
            }
            Decision::Join(head) => (None, Some(head.id), self.blocking),
            Decision::Replay(_) => (None, None, self.event.and_then(|(_, run)| run)),
            Decision::OppositeRunning(_) | Decision::RollingBack(_) | Decision::Stuck(_) => (None, None, self.blocking),
            Decision::NothingToDo
            | Decision::EventReused
            | Decision::BillerNotFound
            | Decision::BillerWithoutName
            | Decision::BillerNameInvalid(_) => (None, None, None),
        };
        Accepted {
            records_event: event_run.is_some() || decision == Decision::NothingToDo,
            decision,
            start,
            event_run,
            biller,
            known,
        }
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            event: self.event.as_ref().map(|(fingerprint, run)| RecordedEvent {
                fingerprint: fingerprint.clone(),
                run: run.as_ref().map(RunHead::from),
            }),
            biller_exists: self.listed.is_some(),
            name_error: self
                .listed
                .as_ref()
                .and_then(|listed| listed.name.as_ref().err().copied()),
            ciam: self
                .biller
                .as_ref()
                .map_or(CiamState::NotEnabled, |biller| biller.state),
            blocking: self.blocking.as_ref().map(RunHead::from),
        }
    }
}

impl Accepted {
    /// The answer to the caller; `started` is the new run as it was written.
    pub(super) fn acceptance(self, started: Option<Run>) -> Acceptance {
        Acceptance {
            decision: self.decision,
            biller: self.biller,
            run: started.or(self.known),
        }
    }
}
