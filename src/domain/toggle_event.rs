//! What a toggle event leads to, as one pure function (docs/ARCHITECTURE.md#event-table).

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::biller::CiamState;
use super::ids::{BillerId, EventId, OnboardingId, RequestedBy};
use super::issue::Code;
use super::run::{Kind, Run, RunState};

/// Where in the CRM a toggle event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantNames)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "kebab-case")]
pub enum Source {
    /// The toggle in `Product > CIAM` (docs/requirements.md#t2).
    CrmToggle,
    /// The form in `Administration > Biller Wizard` (docs/requirements.md#t1).
    BillerWizard,
}

/// One Yes or No from the CRM, parsed.
#[derive(Debug, Clone)]
pub struct ToggleEvent {
    /// The biller to enable, sync or disable.
    pub biller_id: BillerId,
    /// `true`: toggle Yes, or checkbox set.
    pub enable: bool,
    /// Toggle or Wizard.
    pub source: Source,
    /// The person who set the toggle or submitted the form.
    pub requested_by: RequestedBy,
    /// The caller's id of the event, if it sent one.
    pub event_id: Option<EventId>,
    /// SHA-256 (hex) of the event's members; tells a repeated event from a reused id.
    pub fingerprint: String,
    /// The id of the run, if this event starts one.
    pub onboarding_id: OnboardingId,
    /// The request's W3C trace parent.
    pub traceparent: Option<String>,
}

/// The part of a run that decides about another event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunHead {
    /// The run's id.
    pub id: OnboardingId,
    /// Enable, sync or disable.
    pub kind: Kind,
    /// Open, ended or stuck.
    pub state: RunState,
    /// A worker has had it at least once, so its message has arrived.
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

/// An earlier event with the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its [`ToggleEvent::fingerprint`].
    pub fingerprint: String,
    /// The run it started or joined; `None`: there was nothing to do.
    pub run: Option<RunHead>,
}

/// What the database knows about the biller when the event arrives, read under the biller's lock.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The earlier event with the same id.
    pub event: Option<RecordedEvent>,
    /// `ciam.Biller` has the biller id, byte for byte.
    pub biller_exists: bool,
    /// What is wrong with the biller's name, if anything; [`Code::Missing`]: it has none.
    pub name_error: Option<Code>,
    /// The biller's CIAM state.
    pub ciam: CiamState,
    /// The biller's open or stuck run, which blocks others.
    pub blocking: Option<RunHead>,
}

/// What a toggle event leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A new run of this kind.
    Start(Kind),
    /// The open run has the same direction; the event joins it.
    Join(RunHead),
    /// The event was sent before; the run of that time, if there was one.
    Replay(Option<RunHead>),
    /// The biller is in the requested state already, or the Wizard's checkbox is not set.
    NothingToDo,
    /// The open run has the opposite direction; the event is refused.
    OppositeRunning(OnboardingId),
    /// The biller's run failed and is rolling back; every event is refused until that is done.
    RollingBack(OnboardingId),
    /// The biller's run is stuck; every event is refused.
    Stuck(OnboardingId),
    /// The event id was used with another body; the event is refused.
    EventReused,
    /// The biller is not in `ciam.Biller`.
    BillerNotFound,
    /// The biller has no name, which its organization needs.
    BillerWithoutName,
    /// The biller's name has a data error.
    BillerNameInvalid(Code),
}

/// The whole event table: looks at earlier events, then at biller and run.
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

/// The rows of the event table that depend on biller and run only; the preview uses them for a Yes.
pub fn decide_unseen(enable: bool, snapshot: &Snapshot) -> Decision {
    if !snapshot.biller_exists {
        return Decision::BillerNotFound;
    }
    if let Some(run) = snapshot.blocking {
        return if run.state == RunState::Stuck {
            Decision::Stuck(run.id)
        } else if run.state == RunState::RollingBack {
            Decision::RollingBack(run.id)
        } else if enable == (run.kind != Kind::Disable) {
            Decision::Join(run)
        } else {
            Decision::OppositeRunning(run.id)
        };
    }
    match (enable, snapshot.ciam) {
        (true, CiamState::Active) => Decision::Start(Kind::Sync),
        (true, _) => match snapshot.name_error {
            None => Decision::Start(Kind::Enable),
            Some(Code::Missing) => Decision::BillerWithoutName,
            Some(code) => Decision::BillerNameInvalid(code),
        },
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
            name_error: None,
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
    fn an_event_in_the_same_direction_joins_the_open_run_and_the_opposite_is_refused() {
        for kind in [Kind::Enable, Kind::Sync, Kind::Disable] {
            let mut busy = snapshot(CiamState::Active);
            let open = run(kind, RunState::Waiting);
            busy.blocking = Some(open);
            let same = event(kind != Kind::Disable, Source::CrmToggle);
            assert_eq!(decide(&same, &busy), Decision::Join(open));
            let opposite = event(kind == Kind::Disable, Source::CrmToggle);
            assert_eq!(decide(&opposite, &busy), Decision::OppositeRunning(open.id));
        }
    }

    #[test]
    fn while_a_run_is_stuck_or_rolling_back_every_event_is_refused() {
        let id = OnboardingId(Uuid::max());
        for (state, decision) in [
            (RunState::Stuck, Decision::Stuck(id)),
            (RunState::RollingBack, Decision::RollingBack(id)),
        ] {
            for kind in [Kind::Enable, Kind::Sync, Kind::Disable] {
                let mut busy = snapshot(CiamState::Active);
                busy.blocking = Some(run(kind, state));
                for enable in [true, false] {
                    let event = event(enable, Source::CrmToggle);
                    assert_eq!(decide(&event, &busy), decision, "{kind} {enable}");
                }
            }
        }
    }

    #[test]
    fn an_event_that_was_accepted_before_names_its_run_even_while_that_is_rolling_back() {
        let mut busy = snapshot(CiamState::NotEnabled);
        let open = run(Kind::Enable, RunState::RollingBack);
        busy.blocking = Some(open);
        busy.event = Some(RecordedEvent {
            fingerprint: "f".into(),
            run: Some(open),
        });
        let again = event(true, Source::CrmToggle);
        assert_eq!(decide(&again, &busy), Decision::Replay(Some(open)));
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
        nameless.name_error = Some(Code::Missing);
        assert_eq!(decide(&yes, &nameless), Decision::BillerWithoutName);
        nameless.name_error = Some(Code::Unreadable);
        assert_eq!(decide(&yes, &nameless), Decision::BillerNameInvalid(Code::Unreadable));
        nameless.ciam = CiamState::Active;
        assert_eq!(decide(&yes, &nameless), Decision::Start(Kind::Sync));
        let mut missing = snapshot(CiamState::NotEnabled);
        missing.biller_exists = false;
        assert_eq!(decide(&yes, &missing), Decision::BillerNotFound);
    }
}
