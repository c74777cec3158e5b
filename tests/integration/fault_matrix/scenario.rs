//! Scenarios and courses: what exists before a run, and what the toggle event asks for.

use local_stack::{Stack, UserRow};
use secureauth_simulator::{CallRecord, Fault, FaultKind, FaultStatus, Seed};
use serde_json::json;

use super::elsewhere::ANOTHER_BILLER;
use super::tries::tried;
use super::turnover;
use crate::support::{DEADLINE, Outcome, pools_of};

/// What exists before a run, and what the toggle event asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scenario {
    /// SecureAuth has nothing yet; the CRM has two pages of users.
    NewBiller,
    /// The organization exists, deactivated and without a pool.
    DeactivatedOrganization,
    /// Organization and pool exist, with users of somebody else; one of them has the user name of a CRM user.
    ForeignPool,
    /// An active biller with new and changed users.
    Sync,
    /// An active biller whose people join, leave, return and change in every way at once.
    Turnover,
    /// An active biller.
    Disable,
}

/// A scenario, with or without a refusal near its end that makes the run roll back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) scenario: Scenario,
    pub(super) rolled_back: bool,
}

impl Scenario {
    /// Number of sample users that the CRM has at the end.
    fn users(self) -> u32 {
        match self {
            Self::NewBiller => 120,
            Self::DeactivatedOrganization => 4,
            Self::ForeignPool => 6,
            Self::Sync => 7,
            Self::Disable => 2,
            Self::Turnover => 0,
        }
    }

    /// Whether the biller is active before the run.
    pub(super) fn starts_active(self) -> bool {
        matches!(self, Self::Sync | Self::Turnover | Self::Disable)
    }

    /// Whether the run is a sync.
    pub(super) fn syncs(self) -> bool {
        matches!(self, Self::Sync | Self::Turnover)
    }

    /// Whether the toggle is set to Yes.
    pub(super) fn enables(self) -> bool {
        self != Self::Disable
    }
}

impl Course {
    /// The refusal that ends the course. It comes late, so that the rollback has as much to do as possible.
    pub(super) fn trigger(self, biller: &str) -> Option<Fault> {
        let refusal = FaultKind::Status(FaultStatus {
            status: 422,
            ..FaultStatus::default()
        });
        let fault = match self.scenario {
            // The verification.
            Scenario::Sync | Scenario::Turnover => Fault::on("get_pool", refusal).nth(3),
            _ => Fault::on("update_organization", refusal).nth(1).path(biller),
        };
        self.rolled_back.then_some(fault)
    }

    /// The index of the first call of a clean run that the course is about: the one after the refusal, else the first.
    pub(super) fn rollback_from(self, calls: &[CallRecord]) -> usize {
        let refused = |call: &CallRecord| self.rolled_back && call.status == Some(422);
        calls.iter().position(refused).map_or(0, |trigger| trigger + 1)
    }

    /// Creates the biller, and what SecureAuth has of it at first.
    pub(super) fn seed(self, stack: &Stack, biller: &str) -> Outcome {
        let users = match self.scenario {
            Scenario::Sync => UserRow::samples(biller, 4),
            Scenario::Turnover => turnover::before(biller),
            _ => UserRow::samples(biller, self.users()),
        };
        stack.crm().add_biller(biller, "Smith & Sons, Inc.")?;
        stack.crm().add_users(biller, &users)?;
        let seed = match self.scenario {
            Scenario::DeactivatedOrganization => Seed::default().organization(&organization(biller)),
            Scenario::ForeignPool => foreign_pool(biller),
            _ => return Ok(()),
        };
        stack.simulator().seed(seed)?;
        Ok(())
    }

    /// Number of users of the course. A course that is rolled back is about its end, so it does not need several pages.
    fn users(self) -> u32 {
        if self.rolled_back && self.scenario == Scenario::NewBiller {
            5
        } else {
            self.scenario.users()
        }
    }

    /// After the biller became active: everybody enrolls a credential and signs in, then users change in the CRM.
    pub(super) fn change(self, stack: &Stack, biller: &str) -> Outcome {
        everybody_signs_in(stack, biller);
        if self.scenario == Scenario::Turnover {
            turnover::happens(stack, biller)?;
        }
        if self.scenario == Scenario::Sync {
            stack.crm().add_users(
                biller,
                &(5..=self.users())
                    .map(|number| UserRow::sample(biller, number))
                    .collect::<Vec<_>>(),
            )?;
            for user in changed(biller) {
                assert_eq!(stack.crm().replace_user(biller, &user)?, 1);
            }
        }
        Ok(())
    }

    /// The CRM's users as SecureAuth has to hold them in the end.
    pub(super) fn wished_users(self, biller: &str) -> Vec<UserRow> {
        if self.scenario == Scenario::Turnover {
            let mut rows = turnover::rows(biller);
            rows.retain(|row| row.status.as_deref() != Some("deleted"));
            return rows;
        }
        let mut users = UserRow::samples(biller, self.users());
        if self.scenario == Scenario::Sync {
            for user in changed(biller) {
                users.retain(|other| other.user_guid != user.user_guid);
                users.push(user);
            }
        }
        users
    }
}

/// Makes billers active, all at once.
pub(super) async fn activate(stack: &Stack, billers: &[String]) -> Outcome {
    for biller in billers {
        let answer = stack.front_door().toggle(biller, true).await?;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    for biller in billers {
        tried(&format!("make biller {biller} active"), || is_activated(stack, biller)).await?;
    }
    Ok(())
}

/// Waits for the end of the run. If it did not succeed, because calls took longer than these short deadlines on a busy
/// machine, starts it again and returns `None`.
async fn is_activated(stack: &Stack, biller: &str) -> Result<Option<()>, Box<dyn std::error::Error>> {
    let run = stack.wait_for_end(biller, DEADLINE).await?;
    match run.state.as_str() {
        "succeeded" => return Ok(Some(())),
        "stuck" => {
            let resume = ["resume", &run.onboarding_id, "--by", "ops"];
            stack.handler().run(&resume).await?;
        }
        _ => {
            stack.front_door().toggle(biller, true).await?;
        }
    }
    Ok(None)
}

fn everybody_signs_in(stack: &Stack, biller: &str) {
    for pool in pools_of(stack, biller) {
        for user in stack
            .simulator()
            .pool_users(&pool, None, usize::MAX)
            .unwrap_or_default()
        {
            assert!(stack.simulator().enroll(&pool, &user.id), "{biller}: {user:?}");
            for name in &user.identifiers {
                let signs_in = stack.simulator().sign_in(biller, name).allowed;
                assert_eq!(signs_in, user.status == "active", "{biller}: {user:?}");
            }
        }
    }
}

/// Two users whose names and status the CRM changes; their user names stay.
fn changed(biller: &str) -> [UserRow; 2] {
    [(2, "active"), (3, "inactive")].map(|(number, status)| UserRow {
        last_name: Some("Renamed".to_owned()),
        status: Some(status.to_owned()),
        ..UserRow::sample(biller, number)
    })
}

/// Creates organization, pool and users of the biller that no case is about.
pub(super) fn seed_another_biller(stack: &Stack) -> Outcome {
    stack.simulator().seed(foreign_pool(ANOTHER_BILLER))?;
    Ok(())
}

/// An existing organization, with members that a careless update would reset.
fn organization(biller: &str) -> serde_json::Value {
    json!({
        "id": biller, "name": "Stood before", "parent_id": "invoice-cloud", "deactivated": true,
        "description": "theirs", "color": "#123456", "domains": [format!("{biller}.example.com")],
        "metadata": {"payload": {"theirs": "kept"}},
    })
}

fn foreign_pool(biller: &str) -> Seed {
    let pool = format!("pool-of-{biller}");
    let name = UserRow::sample(biller, 1).user_name.unwrap_or_default();
    let mut seed = Seed::default().organization(&organization(biller)).pool(&json!({
        "id": pool, "name": "Theirs", "workspace_id": biller, "with_idp": true, "identifier_case_insensitive": true,
        "metadata": {"theirs": "kept"}, "payload_schema_id": "5d5ced58793b41178123b2d1cc5fb658",
    }));
    for (id, identifier) in [
        ("theirs-1", "theirs.one"),
        ("theirs-2", "theirs.two"),
        ("theirs-3", &name.to_uppercase()),
    ] {
        seed = seed.user(&json!({
            "user_pool_id": pool, "id": format!("{id}-{biller}"), "status": "active",
            "payload": {"first_name": "Their", "last_name": "Own", "user_name": identifier},
            "identifiers": [{"identifier": identifier, "type": "uid"}],
        }));
    }
    seed
}
