//! What the database knew when an event came in, and what is to be written about it.

use super::Acceptance;
use crate::domain::biller::{BillerCiam, CiamState};
use crate::domain::ids::OnboardingId;
use crate::domain::run::{Kind, Run};
use crate::domain::toggle_event::{Decision, RecordedEvent, RunHead, Snapshot, ToggleEvent, decide};

/// Read under the biller's lock.
#[derive(Debug)]
pub(super) struct Found {
    /// The event with the same id: its fingerprint and its run.
    pub(super) event: Option<(String, Option<Run>)>,
    /// Its row of `ciam.Biller`.
    pub(super) listed: Option<Listed>,
    /// Its row of `BillerCiam`.
    pub(super) biller: Option<BillerCiam>,
    /// The run that keeps others out.
    pub(super) blocking: Option<Run>,
}

/// A row of `ciam.Biller`.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: Option<String>,
}

impl Listed {
    /// A name that is blank is none.
    pub(super) fn new(name: Option<String>) -> Self {
        Self {
            name: name.filter(|name| !name.trim().is_empty()),
        }
    }
}

/// What to write.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) decision: Decision,
    /// A new run.
    pub(super) start: Option<Start>,
    /// The event is to be remembered.
    pub(super) records_event: bool,
    /// … with this run.
    pub(super) event_run: Option<OnboardingId>,
    biller: BillerCiam,
    known: Option<Run>,
}

/// A new run.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) kind: Kind,
    pub(super) biller_name: Option<String>,
    pub(super) generation: u32,
    /// There is no row of `BillerCiam` yet.
    pub(super) first: bool,
}

impl Found {
    /// Decides about the event by [`decide`].
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
                    biller_name: self.listed.and_then(|listed| listed.name),
                    generation: biller.generation,
                    first,
                };
                (Some(start), Some(event.onboarding_id), None)
            }
            Decision::Join(head) => (None, Some(head.id), self.blocking),
            Decision::Replay(_) => (None, None, self.event.and_then(|(_, run)| run)),
            Decision::OppositeRunning(_) | Decision::Stuck(_) => (None, None, self.blocking),
            Decision::NothingToDo | Decision::EventReused | Decision::BillerNotFound | Decision::BillerWithoutName => {
                (None, None, None)
            }
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
            biller_named: self.listed.as_ref().is_some_and(|listed| listed.name.is_some()),
            ciam: self
                .biller
                .as_ref()
                .map_or(CiamState::NotEnabled, |biller| biller.state),
            blocking: self.blocking.as_ref().map(RunHead::from),
        }
    }
}

impl Accepted {
    /// What is answered; `started` is the new run as it was written.
    pub(super) fn acceptance(self, started: Option<Run>) -> Acceptance {
        Acceptance {
            decision: self.decision,
            biller: self.biller,
            run: started.or(self.known),
        }
    }
}
