//! The events of a sample biller, as the CRM's people name them, and how each has to end.

use local_stack::{Crm, HttpAnswer, Stack, StackError, UserRow};
use secureauth_simulator::{Fault, FaultKind, FaultStatus, Seed, Simulator};
use serde_json::json;

use super::billers::SampleBiller;
use super::moves;
use super::reports::Report;

/// An event that the CRM sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// `Product > CIAM` is set to Yes or No (docs/requirements.md#t2).
    Toggle(bool),
    /// The Biller Wizard is submitted, with or without its checkbox (docs/requirements.md#t1).
    Wizard(bool),
}

/// What is changed right before an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing is changed.
    None,
    /// SecureAuth refuses to activate the biller's organization.
    SecureAuthRefusesActivation,
    /// SecureAuth accepts everything again.
    SecureAuthAcceptsAgain,
    /// The biller gets this many more users in the CRM.
    MoreUsers(u32),
    /// The bad records are corrected in the CRM.
    RecordsCorrected,
    /// Everybody signs in.
    SignIns,
    /// Everybody signs in, then people leave, change places and join.
    PeopleChangePlaces,
}

/// The state of a biller after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Live, with this many users.
    Active(u64),
    /// The run failed and nothing of it is left.
    Failed,
    /// Deactivated; this many users stay.
    Inactive(u64),
    /// There was nothing to do.
    NotEnabled,
}

/// One event and its expected ending.
#[derive(Debug, Clone, Copy)]
pub(super) struct Act {
    /// What is changed before the event.
    pub(super) change: Change,
    /// The event that is sent.
    pub(super) event: Event,
    /// How the event has to end.
    pub(super) ending: Ending,
    /// The data errors that the event's run has to report.
    pub(super) reports: &'static [Report],
}

impl Act {
    /// The text in the table: the event, and what was changed before it.
    pub(super) fn label(self) -> String {
        let event = self.event.label();
        self.change
            .label()
            .map_or_else(|| event.to_owned(), |change| format!("{event}, {change}"))
    }

    /// An event without a change before it.
    pub(super) const fn of(event: Event, ending: Ending) -> Self {
        Self {
            change: Change::None,
            event,
            ending,
            reports: &[],
        }
    }

    /// The same event after a change.
    pub(super) const fn after(mut self, change: Change) -> Self {
        self.change = change;
        self
    }

    /// The same event with these data errors.
    pub(super) const fn reporting(mut self, reports: &'static [Report]) -> Self {
        self.reports = reports;
        self
    }
}

impl Event {
    /// Sends the event as the CRM would.
    pub(super) async fn send(self, stack: &Stack, biller_id: &str) -> Result<HttpAnswer, StackError> {
        let front_door = stack.front_door();
        let answer = match self {
            Self::Toggle(enabled) => front_door.toggle(biller_id, enabled).await,
            Self::Wizard(checked) => front_door.wizard(biller_id, checked).await,
        };
        Ok(answer?)
    }

    fn label(self) -> &'static str {
        match self {
            Self::Toggle(true) => "toggle Yes",
            Self::Toggle(false) => "toggle No",
            Self::Wizard(true) => "Wizard Yes",
            Self::Wizard(false) => "Wizard No",
        }
    }
}

impl Change {
    /// Applies the change to the CRM or to SecureAuth.
    pub(super) fn apply(self, stack: &Stack, biller: &SampleBiller) -> Result<(), StackError> {
        let id = biller.id;
        match self {
            Self::None => {}
            Self::SecureAuthRefusesActivation => {
                let refusal = FaultKind::Status(FaultStatus {
                    status: 422,
                    ..FaultStatus::default()
                });
                let path = format!("/organizations/{id}");
                stack
                    .simulator()
                    .faults()
                    .add(Fault::on("update_organization", refusal).path(&path));
            }
            Self::SecureAuthAcceptsAgain => stack.simulator().faults().clear(),
            Self::MoreUsers(count) => {
                let more: Vec<_> = (1..=count)
                    .map(|number| UserRow::sample(id, biller.users + number))
                    .collect();
                stack.crm().add_users(id, &more)?;
            }
            Self::RecordsCorrected => {
                for user in biller.good_users() {
                    stack.crm().replace_user(id, &user)?;
                }
            }
            Self::SignIns => moves::sign_in(stack, biller),
            Self::PeopleChangePlaces => {
                moves::sign_in(stack, biller);
                moves::change_places(stack, biller)?;
            }
        }
        Ok(())
    }

    fn label(self) -> Option<String> {
        match self {
            Self::None | Self::SecureAuthAcceptsAgain | Self::SignIns => None,
            Self::SecureAuthRefusesActivation => Some("refused".to_owned()),
            Self::MoreUsers(count) => Some(format!("{count} more")),
            Self::RecordsCorrected => Some("fixed".to_owned()),
            Self::PeopleChangePlaces => Some("moves".to_owned()),
        }
    }
}

impl Ending {
    /// The `status` that people read.
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Active(_) => "active",
            Self::Failed => "failed",
            Self::Inactive(_) => "inactive",
            Self::NotEnabled => "not_enabled",
        }
    }

    /// Number of users in SecureAuth afterwards.
    pub(super) fn users(self) -> u64 {
        match self {
            Self::Active(users) | Self::Inactive(users) => users,
            Self::Failed | Self::NotEnabled => 0,
        }
    }

    /// Whether SecureAuth has the organization afterwards.
    pub(super) fn has_organization(self) -> bool {
        matches!(self, Self::Active(_) | Self::Inactive(_))
    }
}

/// Adds a sample biller to the CRM, and to SecureAuth what it holds of the biller before the first event.
pub(super) fn load(crm: &Crm, simulator: &Simulator, biller: &SampleBiller) -> Result<(), StackError> {
    if !crm.has_biller(biller.id)? {
        crm.add_biller(biller.id, biller.name)?;
        crm.add_users(biller.id, &biller.first_users())?;
    }
    if biller.has_deactivated_organization {
        let organization = json!({
            "id": biller.id, "name": biller.name, "parent_id": "invoice-cloud", "deactivated": true,
        });
        simulator.seed(Seed::default().organization(&organization))?;
    }
    Ok(())
}
