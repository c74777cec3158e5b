//! The rules about a world that moves are tested too: in what a real run has left, one thing after the other is put wrong.

use local_stack::{RunRecord, Stack, UserRow};
use secureauth_simulator::PoolUser;
use serde_json::json;

use super::super::invariant::{Before, is_as_before};
use super::super::lane::{begin, end, prepare, quick};
use super::super::sabotage::each_is_seen;
use super::super::scenario::{Course, Scenario};
use super::super::snapshot::Snapshot;
use super::super::{forward, succeeded};
use super::afterwards::{everything_is_caught_up, is_as_the_crm_says};
use super::change::Change;
use super::{Meanwhile, are_kept};
use crate::support::{DEADLINE, Outcome};

const BILLER: &str = "moved";

/// What the oracle is given of a run in a world that moved.
#[derive(Clone)]
struct Scene {
    run: RunRecord,
    now: Snapshot,
    meanwhile: Meanwhile,
}

impl Scene {
    /// The user of the first row for which `is_meant` holds.
    fn user_of(&mut self, is_meant: impl Fn(&UserRow, Option<&UserRow>) -> bool) -> &mut PoolUser {
        let rows = self.meanwhile.rows.values();
        let mut rows = rows.filter_map(|change| Some((change.before.as_ref()?, change.now.as_ref())));
        let (before, _) = rows.find(|(before, now)| is_meant(before, *now)).expect("a row");
        let name = before.user_name.clone().unwrap_or_default();
        let pool = self.now.secureauth.pools.values_mut().next().expect("a pool");
        let mut users = pool.users.values_mut();
        users.find(|user| user.identifiers == [&*name]).expect("its user")
    }

    /// The user whose first and last name change.
    fn renamed(&mut self) -> &mut PoolUser {
        self.user_of(|_, now| now.is_some_and(|now| now.last_name.as_deref() == Some("Named")))
    }

    fn leaver(&mut self) -> &mut PoolUser {
        self.user_of(|_, now| now.is_none())
    }

    fn remove(&mut self, id: &str) {
        let pool = self.now.secureauth.pools.values_mut().next().expect("a pool");
        pool.users.remove(id).expect("a user");
    }

    /// A user whose row did not change.
    fn unchanged(&mut self) -> &mut PoolUser {
        let mut accounts = self.now.people.accounts.iter();
        let (_, account) = accounts
            .find(|(guid, _)| !self.meanwhile.rows.contains_key(*guid))
            .expect("such an account");
        let pool = self.now.secureauth.pools.values_mut().next().expect("a pool");
        pool.users.get_mut(&account.user_id).expect("its user")
    }

    fn set_deactivated(&mut self) {
        self.now.secureauth.organization.as_mut().expect("is there")["deactivated"] = json!(true);
    }

    fn before<'a>(&self, course: Course, snapshot: &'a Snapshot) -> Before<'a> {
        Before {
            meanwhile: self.meanwhile.clone(),
            ..Before::of(course, BILLER, snapshot)
        }
    }
}

/// A sync that succeeds before rows join, leave and change. Everybody has enrolled a credential.
async fn scene(course: Course) -> Result<(Stack, Snapshot, Scene), Box<dyn std::error::Error>> {
    let stack = Stack::start(quick()).await?;
    prepare(&stack, course, &[BILLER.to_owned()]).await?;
    let mut meanwhile = Meanwhile::default();
    meanwhile.everybody_enrolls(&stack, BILLER);
    let snapshot = begin(&stack, course, BILLER, |_| {}).await?;
    end(&stack, BILLER).await?;
    Change::RowsAndEnrolled.happens(&stack, (course, BILLER), 0, &mut meanwhile)?;
    let snapshot = meanwhile.applied_to(snapshot);
    let scene = Scene {
        run: stack.wait_for_end(BILLER, DEADLINE).await?,
        now: Snapshot::take(&stack, BILLER).await?,
        meanwhile,
    };
    Ok((stack, snapshot, scene))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_sees_what_a_run_does_wrong_in_a_world_that_moves() -> Outcome {
    let course = forward(Scenario::Sync);
    let (stack, snapshot, right) = scene(course).await?;
    let judge = |scene: &Scene| {
        let before = scene.before(course, &snapshot);
        succeeded::is_as_asked(&before, &scene.run, &scene.now)?;
        are_kept(&before, false, &scene.now)
    };
    each_is_seen(
        &right,
        judge,
        &[
            ("a user is not as the CRM has it", |scene| {
                scene.renamed().payload["last_name"] = json!("Neither");
            }),
            ("a user is not as the CRM has it", |scene| {
                scene.unchanged().payload["last_name"] = json!("Another");
            }),
            ("a user is missing", |scene| {
                let id = scene.renamed().id.clone();
                scene.remove(&id);
            }),
            ("a user is missing", |scene| {
                let id = scene.unchanged().id.clone();
                scene.remove(&id);
            }),
            ("there are too many users", |scene| {
                let mut stranger = scene.unchanged().clone();
                stranger.identifiers = vec!["stranger".to_owned()];
                let pool = scene.now.secureauth.pools.values_mut().next().expect("a pool");
                pool.users.insert("stranger".to_owned(), stranger);
            }),
            ("lost a credential", |scene| scene.renamed().credentials -= 1),
            ("who enrolled a credential, is gone", |scene| {
                let id = scene.user_of(|_, now| now.is_none()).id.clone();
                scene.remove(&id);
            }),
            ("the `deactivated` flag is wrong", Scene::set_deactivated),
        ],
    );
    let mut by_hand = right.clone();
    by_hand.set_deactivated();
    by_hand.meanwhile.flag = Some(true);
    assert_eq!(judge(&by_hand), Ok(()), "an administrator set the flag");
    afterwards(&stack, course, &snapshot, right).await
}

/// Another run catches up, and what it does wrong is seen.
async fn afterwards(stack: &Stack, course: Course, snapshot: &Snapshot, right: Scene) -> Outcome {
    let before = right.before(course, snapshot);
    let judge = |scene: &Scene| is_as_the_crm_says(&before, false, &scene.now);
    let said = judge(&right).expect_err("nobody has joined yet");
    assert!(said.contains("not as the CRM says"), "{said}");
    everything_is_caught_up(stack, &before, false, 3).await?;
    let caught_up = Scene {
        now: Snapshot::take(stack, BILLER).await?,
        ..right
    };
    each_is_seen(
        &caught_up,
        judge,
        &[
            ("the organization is not live", Scene::set_deactivated),
            ("there are 0 pools", |scene| scene.now.secureauth.pools.clear()),
            ("not as the CRM says", |scene| {
                let joiner = UserRow::sample(BILLER, 9_001).user_name.unwrap_or_default();
                let pool = scene.now.secureauth.pools.values_mut().next().expect("a pool");
                pool.users.retain(|_, user| user.identifiers != [&*joiner]);
            }),
            ("not as the CRM says", |scene| {
                scene.renamed().payload["first_name"] = json!("As it was");
            }),
            ("not as the CRM says", |scene| {
                let accounts = scene.now.people.accounts.values_mut();
                accounts.for_each(|account| account.open = true);
            }),
            ("not as the CRM says", |scene| {
                "active".clone_into(&mut scene.leaver().status);
            }),
            ("not as the CRM says", |scene| scene.leaver().sessions = 1),
            ("lost a credential", |scene| scene.unchanged().credentials -= 1),
        ],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_sees_what_a_rollback_does_wrong_in_a_world_that_moves() -> Outcome {
    let course = forward(Scenario::Sync);
    let (_stack, _, mut scene) = scene(course).await?;
    let id = scene.unchanged().id.clone();
    scene.meanwhile.removed.insert(id.clone());
    let pool = scene.now.secureauth.pools.keys().next().cloned().unwrap_or_default();
    scene.meanwhile.credentials.remove(&(pool, id.clone()));
    let snapshot = scene.meanwhile.applied_to(scene.now.clone());
    scene.remove(&id);
    let judge = |scene: &Scene| {
        let before = scene.before(course, &snapshot);
        is_as_before(&before, &scene.now)?;
        are_kept(&before, true, &scene.now)
    };
    each_is_seen(
        &scene,
        judge,
        &[
            ("a user is not as it was", |scene| {
                scene.renamed().payload["last_name"] = json!("Neither");
            }),
            ("a user is gone", |scene| {
                let id = scene.renamed().id.clone();
                scene.remove(&id);
            }),
            ("a user is left", |scene| {
                let again = scene.renamed().clone();
                let id = scene.meanwhile.removed.first().cloned().unwrap_or_default();
                let pool = scene.now.secureauth.pools.values_mut().next().expect("a pool");
                pool.users.insert(id, again);
            }),
            ("lost a credential", |scene| {
                let user = scene.renamed();
                user.payload["last_name"] = json!("Named");
                user.payload["first_name"] = json!("Newly");
                user.credentials -= 1;
            }),
        ],
    );
    let mut by_hand = scene.clone();
    by_hand.set_deactivated();
    let said = judge(&by_hand).expect_err("nobody set the flag");
    assert!(said.contains("`deactivated` flag is not as it was"), "{said}");
    by_hand.meanwhile.flag = Some(true);
    assert_eq!(judge(&by_hand), Ok(()), "an administrator set the flag");
    Ok(())
}
