//! What happens to a sample biller, in words the CRM's people use, and how it is to end.

use local_stack::{HttpAnswer, Stack, StackError, UserRow};
use secureauth_simulator::{Fault, FaultKind, FaultStatus, Seed};
use serde_json::json;

use super::billers::SampleBiller;

/// An event the CRM sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// `Product > CIAM` set to Yes or No (T2).
    Toggle(bool),
    /// The Biller Wizard submitted, its checkbox set or not (T1).
    Wizard(bool),
}

/// What happens right before an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// SecureAuth refuses to activate the biller's organization.
    SecureAuthRefusesActivation,
    /// It does no longer.
    SecureAuthAcceptsAgain,
    /// The CRM gets so many users more.
    MoreUsers(u32),
    /// The bad records are corrected in the CRM.
    RecordsCorrected,
}

/// How a biller stands in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Live, with so many users.
    Active(u64),
    /// The run failed and nothing of it is left.
    Failed,
    /// Switched off again; so many users stay.
    Inactive(u64),
    /// Nothing was to be done.
    NotEnabled,
}

/// One event with its ending.
#[derive(Debug, Clone, Copy)]
pub(super) struct Act {
    /// Before it.
    pub(super) change: Change,
    /// The event.
    pub(super) event: Event,
    /// How it must end.
    pub(super) ending: Ending,
}

impl Act {
    /// For the table: the event and what came before it.
    pub(super) fn label(self) -> String {
        let event = self.event.label();
        self.change
            .label()
            .map_or_else(|| event.to_owned(), |change| format!("{event}, {change}"))
    }

    /// An event without anything before it.
    pub(super) const fn of(event: Event, ending: Ending) -> Self {
        Self {
            change: Change::None,
            event,
            ending,
        }
    }

    /// The same after a change.
    pub(super) const fn after(mut self, change: Change) -> Self {
        self.change = change;
        self
    }
}

impl Event {
    /// Sends it as the CRM would.
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
    /// Makes it happen.
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
        }
        Ok(())
    }

    fn label(self) -> Option<String> {
        match self {
            Self::None | Self::SecureAuthAcceptsAgain => None,
            Self::SecureAuthRefusesActivation => Some("refused".to_owned()),
            Self::MoreUsers(count) => Some(format!("{count} more")),
            Self::RecordsCorrected => Some("fixed".to_owned()),
        }
    }
}

impl Ending {
    /// The word of the status a person reads.
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Active(_) => "active",
            Self::Failed => "failed",
            Self::Inactive(_) => "inactive",
            Self::NotEnabled => "not_enabled",
        }
    }

    /// Users that stand in SecureAuth afterwards.
    pub(super) fn users(self) -> u64 {
        match self {
            Self::Active(users) | Self::Inactive(users) => users,
            Self::Failed | Self::NotEnabled => 0,
        }
    }

    /// Whether an organization stands in SecureAuth afterwards.
    pub(super) fn has_organization(self) -> bool {
        matches!(self, Self::Active(_) | Self::Inactive(_))
    }
}

/// Puts a sample biller into the CRM, and into SecureAuth what stands there before its first event.
pub(super) fn load(stack: &Stack, biller: &SampleBiller) -> Result<(), StackError> {
    stack.crm().add_biller(biller.id, biller.name)?;
    stack.crm().add_users(biller.id, &biller.first_users())?;
    if biller.has_deactivated_organization {
        let organization = json!({
            "id": biller.id, "name": biller.name, "parent_id": "invoice-cloud", "deactivated": true,
        });
        stack.simulator().seed(Seed::default().organization(&organization))?;
    }
    Ok(())
}
