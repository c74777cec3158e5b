//! What an event asks for, and what follows from it: the event table of design.md §3 as one pure function.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::biller::CiamState;
use super::ids::{BillerId, EventId, OnboardingId, RequestedBy};
use super::run::{Kind, Run, RunState};

/// Who sent the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantNames)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "kebab-case")]
pub enum Source {
    /// `Product > CIAM` (T2).
    CrmToggle,
    /// `Administration > Biller Wizard` (T1).
    BillerWizard,
}

/// One parsed event.
#[derive(Debug, Clone)]
pub struct ToggleEvent {
    /// The biller it is about.
    pub biller_id: BillerId,
    /// Toggle Yes, or checkbox set.
    pub enable: bool,
    /// Who sent it.
    pub source: Source,
    /// The person behind it.
    pub requested_by: RequestedBy,
    /// The caller's id of the event, if it has one.
    pub event_id: Option<EventId>,
    /// SHA-256 (hex) of the event's members, to tell a repeated event from a reused id.
    pub fingerprint: String,
    /// The id a run started by this event gets.
    pub onboarding_id: OnboardingId,
    /// The trace the event came with (W3C).
    pub traceparent: Option<String>,
}

/// What matters about a run when another event arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunHead {
    /// Its id.
    pub id: OnboardingId,
    /// What it does.
    pub kind: Kind,
    /// Where it stands.
    pub state: RunState,
    /// A worker has had it at least once, so its message is known to have arrived.
    pub ever_leased: bool,
}

impl From<&Run> for RunHead {
    fn from(run: &Run) -> Self {
        Self {
            id: run.id,
            kind: run.kind,
            state: run.state,
            ever_leased: run.started_at.is_some(),
        }
    }
}

/// An event with the same id that was recorded before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its [`ToggleEvent::fingerprint`].
    pub fingerprint: String,
    /// The run it started or joined, `None` where there was nothing to do.
    pub run: Option<RunHead>,
}

/// What the database says about the biller at the moment of the event, read under its lock.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The event with the same id, if there is one.
    pub event: Option<RecordedEvent>,
    /// The biller stands in `ciam.Biller`, spelled byte for byte like this.
    pub biller_exists: bool,
    /// It has a name that is not blank.
    pub biller_named: bool,
    /// Its CIAM state.
    pub ciam: CiamState,
    /// The run that keeps others out: open or stuck.
    pub blocking: Option<RunHead>,
}

/// What an event leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A new run.
    Start(Kind),
    /// The open run already does what is wished.
    Join(RunHead),
    /// The same event again: what it led to then.
    Replay(Option<RunHead>),
    /// The event is already true, or the Wizard's checkbox is not set.
    NothingToDo,
    /// The opposite is being done.
    OppositeRunning(OnboardingId),
    /// A stuck run keeps everything out.
    Stuck(OnboardingId),
    /// The event id was used with another body.
    EventReused,
    /// Not in `ciam.Biller`.
    BillerNotFound,
    /// In `ciam.Biller`, but an organization needs a name.
    BillerWithoutName,
}

/// The event table.
pub fn decide(event: &ToggleEvent, snapshot: &Snapshot) -> Decision {
    if let Some(earlier) = &snapshot.event {
        return if earlier.fingerprint == event.fingerprint {
            Decision::Replay(earlier.run)
        } else {
            Decision::EventReused
        };
    }
    if event.source == Source::BillerWizard && !event.enable {
        return Decision::NothingToDo;
    }
    decide_unseen(event.enable, snapshot)
}

/// The event table's rows for a Yes or a No that no earlier event settles.
pub fn decide_unseen(enable: bool, snapshot: &Snapshot) -> Decision {
    if !snapshot.biller_exists {
        return Decision::BillerNotFound;
    }
    if let Some(run) = snapshot.blocking {
        return if run.state == RunState::Stuck {
            Decision::Stuck(run.id)
        } else if enable == (run.kind != Kind::Disable) {
            Decision::Join(run)
        } else {
            Decision::OppositeRunning(run.id)
        };
    }
    match (enable, snapshot.ciam) {
        (true, CiamState::Active) => Decision::Start(Kind::Sync),
        (true, _) if !snapshot.biller_named => Decision::BillerWithoutName,
        (true, _) => Decision::Start(Kind::Enable),
        (false, CiamState::Active) => Decision::Start(Kind::Disable),
        (false, _) => Decision::NothingToDo,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn event(enable: bool, source: Source) -> ToggleEvent {
        ToggleEvent {
            biller_id: BillerId::try_new("1876").unwrap(),
            enable,
            source,
            requested_by: RequestedBy::try_new("someone").unwrap(),
            event_id: None,
            fingerprint: "f".into(),
            onboarding_id: OnboardingId(Uuid::nil()),
            traceparent: None,
        }
    }

    fn snapshot(ciam: CiamState) -> Snapshot {
        Snapshot {
            event: None,
            biller_exists: true,
            biller_named: true,
            ciam,
            blocking: None,
        }
    }

    fn run(kind: Kind, state: RunState) -> RunHead {
        RunHead {
            id: OnboardingId(Uuid::max()),
            kind,
            state,
            ever_leased: false,
        }
    }

    #[test]
    fn yes_enables_a_biller_that_is_not_active_and_syncs_one_that_is() {
        let yes = event(true, Source::CrmToggle);
        for (ciam, kind) in [
            (CiamState::NotEnabled, Kind::Enable),
            (CiamState::Inactive, Kind::Enable),
            (CiamState::Active, Kind::Sync),
        ] {
            assert_eq!(decide(&yes, &snapshot(ciam)), Decision::Start(kind));
        }
    }

    #[test]
    fn no_disables_an_active_biller_and_is_nothing_to_do_otherwise() {
        let no = event(false, Source::CrmToggle);
        assert_eq!(
            decide(&no, &snapshot(CiamState::Active)),
            Decision::Start(Kind::Disable)
        );
        for ciam in [CiamState::NotEnabled, CiamState::Inactive] {
            assert_eq!(decide(&no, &snapshot(ciam)), Decision::NothingToDo);
        }
    }

    #[test]
    fn a_wizard_without_the_checkbox_changes_nothing_even_for_an_active_biller() {
        let unset = event(false, Source::BillerWizard);
        assert_eq!(decide(&unset, &snapshot(CiamState::Active)), Decision::NothingToDo);
        let mut unknown = snapshot(CiamState::NotEnabled);
        unknown.biller_exists = false;
        assert_eq!(decide(&unset, &unknown), Decision::NothingToDo);
    }

    #[test]
    fn the_same_wish_joins_the_open_run_and_the_opposite_is_refused() {
        for kind in [Kind::Enable, Kind::Sync, Kind::Disable] {
            let mut busy = snapshot(CiamState::Active);
            let open = run(kind, RunState::RollingBack);
            busy.blocking = Some(open);
            let same = event(kind != Kind::Disable, Source::CrmToggle);
            assert_eq!(decide(&same, &busy), Decision::Join(open));
            let opposite = event(kind == Kind::Disable, Source::CrmToggle);
            assert_eq!(decide(&opposite, &busy), Decision::OppositeRunning(open.id));
        }
    }

    #[test]
    fn a_stuck_run_keeps_every_wish_out() {
        let mut stuck = snapshot(CiamState::Active);
        let run = run(Kind::Enable, RunState::Stuck);
        stuck.blocking = Some(run);
        for enable in [true, false] {
            let event = event(enable, Source::CrmToggle);
            assert_eq!(decide(&event, &stuck), Decision::Stuck(run.id));
        }
    }

    #[test]
    fn the_same_event_again_answers_with_its_run_and_another_body_is_refused() {
        let mut seen = snapshot(CiamState::Active);
        let finished = run(Kind::Enable, RunState::Succeeded);
        seen.event = Some(RecordedEvent {
            fingerprint: "f".into(),
            run: Some(finished),
        });
        let again = event(true, Source::CrmToggle);
        assert_eq!(decide(&again, &seen), Decision::Replay(Some(finished)));
        let mut other = again;
        other.fingerprint = "g".into();
        assert_eq!(decide(&other, &seen), Decision::EventReused);
    }

    #[test]
    fn a_biller_needs_to_exist_and_to_have_a_name_to_be_enabled() {
        let yes = event(true, Source::CrmToggle);
        let mut nameless = snapshot(CiamState::NotEnabled);
        nameless.biller_named = false;
        assert_eq!(decide(&yes, &nameless), Decision::BillerWithoutName);
        let mut missing = snapshot(CiamState::NotEnabled);
        missing.biller_exists = false;
        assert_eq!(decide(&yes, &missing), Decision::BillerNotFound);
    }
}
