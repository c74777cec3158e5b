//! The rules about people are tested too: in what a turnover has left, one thing after the other is put wrong.

use local_stack::{Stack, UserRow};
use secureauth_simulator::{PoolUser, PoolUserAddress};
use serde_json::json;

use super::invariant::{Before, is_as_before};
use super::lane::{begin, end, prepare, quick};
use super::meanwhile::are_kept;
use super::sabotage::each_is_seen;
use super::scenario::{Course, Scenario};
use super::snapshot::{Pool, Snapshot};
use super::table::{self, Issue};
use super::{forward, rolled_back, succeeded};
use crate::support::{DEADLINE, Outcome, pools_of};

const BILLER: &str = "turned-over";

fn pool(now: &mut Snapshot) -> &mut Pool {
    now.secureauth.pools.values_mut().next().expect("a pool")
}

fn guid(number: u32) -> String {
    UserRow::sample(BILLER, number).user_guid.unwrap_or_default()
}

fn name(number: u32) -> String {
    UserRow::sample(BILLER, number).user_name.unwrap_or_default()
}

/// The user of the account with the GUID of this sample row.
fn user(now: &mut Snapshot, number: u32) -> &mut PoolUser {
    let id = now
        .people
        .accounts
        .get(&guid(number))
        .expect("an account")
        .user_id
        .clone();
    pool(now).users.get_mut(&id).expect("its user")
}

fn remove(now: &mut Snapshot, number: u32) {
    let id = user(now, number).id.clone();
    pool(now).users.remove(&id);
}

/// An issue names the person.
fn report(now: &mut Snapshot, number: u32, code: &str) {
    now.people.issues.push(Issue {
        user_guid: Some(guid(number)),
        code: code.to_owned(),
    });
}

/// The snapshots before and after a run.
async fn ended(course: Course) -> Result<(Stack, Snapshot, Snapshot), Box<dyn std::error::Error>> {
    let stack = Stack::start(quick()).await?;
    prepare(&stack, course, &[BILLER.to_owned()]).await?;
    let before = begin(&stack, course, BILLER, |_| {}).await?;
    end(&stack, BILLER).await?;
    let now = Snapshot::take(&stack, BILLER).await?;
    Ok((stack, before, now))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_sees_whoever_a_turnover_treats_wrong() -> Outcome {
    let course = forward(Scenario::Turnover);
    let (stack, snapshot, right) = ended(course).await?;
    let run = stack.wait_for_end(BILLER, DEADLINE).await?;
    let before = Before::of(course, BILLER, &snapshot);
    let judge = |now: &Snapshot| {
        succeeded::is_as_asked(&before, &run, now)?;
        are_kept(&before, false, now)
    };
    each_is_seen(
        &right,
        judge,
        &[
            // The row is gone.
            ("somebody who left has access", |now| {
                user(now, 4).status = "active".to_owned();
            }),
            ("somebody who left has access", |now| user(now, 4).sessions = 1),
            // `deleted`.
            ("somebody who left has access", |now| {
                user(now, 5).status = "active".to_owned();
            }),
            // Inactive.
            ("a user is not as the CRM has it", |now| user(now, 6).sessions = 1),
            ("a user is not as the CRM has it", |now| {
                user(now, 6).status = "active".to_owned();
            }),
            // Returned.
            ("a user is not as the CRM has it", |now| {
                user(now, 7).status = "inactive".to_owned();
            }),
            // The name of another one.
            ("a user is not as the CRM has it", |now| {
                user(now, 1).identifiers = vec![name(1)];
            }),
            ("a user is not as the CRM has it", |now| {
                user(now, 2).identifiers.push(name(2));
            }),
            ("a user is not as the CRM has it", |now| {
                user(now, 3).payload["user_name"] = json!(name(3));
            }),
            // The old address.
            ("a user is not as the CRM has it", |now| {
                user(now, 10).addresses.push(PoolUserAddress {
                    address: "old@example.com".to_owned(),
                    verified: false,
                });
            }),
            ("a user is not as the CRM has it", |now| user(now, 10).addresses.clear()),
            // A new account instead of the old one for the same person.
            ("a user is missing", |now| {
                let account = now.people.accounts.remove(&guid(108)).expect("an account");
                now.people.accounts.insert(guid(8), account);
            }),
            ("a user is missing", |now| remove(now, 13)),
            ("there are too many users", |now| {
                now.people.accounts.remove(&guid(4));
            }),
            ("an account is open", |now| {
                now.people.accounts.get_mut(&guid(5)).expect("an account").open = true;
            }),
            ("an account is open", |now| {
                now.people.accounts.get_mut(&guid(11)).expect("an account").open = true;
            }),
            ("and not reported", |now| {
                now.people.may_sign_in.pop_first();
            }),
            ("who enrolled a credential, is gone", |now| {
                remove(now, 5);
                now.people.accounts.remove(&guid(5));
            }),
            ("lost a credential", |now| user(now, 11).credentials = 0),
        ],
    );
    let mut reported = right.clone();
    user(&mut reported, 4).status = "active".to_owned();
    report(&mut reported, 4, "refused");
    assert_eq!(judge(&reported), Ok(()));
    let pool = reported.secureauth.pools.values().next().expect("a pool");
    let said = table::is_exact(&before, &reported, pool).expect_err("after another Yes it is no excuse");
    assert!(said.contains("not as the CRM says"), "{said}");
    let mut refused = right;
    user(&mut refused, 6).sessions = 1;
    refused.people.sessions_live_on = true;
    assert_eq!(judge(&refused), Ok(()), "sessions live on until they expire");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_sees_what_a_failed_turnover_leaves_farther_from_the_crm_than_it_was() -> Outcome {
    let course = rolled_back(Scenario::Turnover);
    let (_stack, snapshot, right) = ended(course).await?;
    let before = Before::of(course, BILLER, &snapshot);
    let judge = |now: &Snapshot| {
        is_as_before(&before, now)?;
        are_kept(&before, true, now)
    };
    each_is_seen(
        &right,
        judge,
        &[
            ("a user is not as it was", |now| {
                user(now, 11).status = "inactive".to_owned();
            }),
            ("a user is not as it was", |now| user(now, 11).sessions = 0),
            ("a user is not as it was", |now| {
                user(now, 9).payload["last_name"] = json!("Neither");
            }),
            ("a user is not as it was", |now| user(now, 11).identifiers.clear()),
            ("a user is not as it was", |now| {
                user(now, 12).identifiers.push("another".to_owned());
            }),
            ("a user is not as it was", |now| user(now, 10).addresses.clear()),
            ("a user is gone", |now| remove(now, 4)),
            ("a user is left", |now| {
                let again = user(now, 11).clone();
                pool(now).users.insert("left".to_owned(), again);
            }),
            ("lost a credential", |now| user(now, 11).credentials = 0),
        ],
    );
    let nearer: [fn(&mut Snapshot); 3] = [
        // Somebody else is to have the name.
        |now| user(now, 1).identifiers.clear(),
        |now| user(now, 2).identifiers = vec![name(2), name(3)],
        |now| user(now, 9).payload = json!({"first_name": "Changed", "last_name": "Profile", "user_name": name(9)}),
    ];
    for nearer in nearer {
        let mut on_the_way = right.clone();
        nearer(&mut on_the_way);
        assert_eq!(judge(&on_the_way), Ok(()));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_lets_a_rollback_leave_whoever_enrolled_if_an_issue_says_so() -> Outcome {
    let course = rolled_back(Scenario::Turnover);
    let (stack, snapshot, mut now) = ended(course).await?;
    let before = Before::of(course, BILLER, &snapshot);
    let mut left = user(&mut now, 11).clone();
    left.id = "left".to_owned();
    pool(&mut now).users.insert("left".to_owned(), left);
    let account = table::Account {
        user_id: "left".to_owned(),
        open: false,
        linked: false,
        created_by: None,
    };
    now.people.accounts.insert(guid(14), account);
    report(&mut now, 14, "enrolled");
    let judge = |now: &Snapshot| is_as_before(&before, now);
    each_is_seen(
        &now,
        judge,
        &[
            ("a user is left", |now| now.people.issues.clear()),
            ("a user is left", |now| user(now, 14).credentials = 0),
            ("a user is left", |now| {
                now.people.accounts.get_mut(&guid(14)).expect("an account").open = true;
            }),
            ("a user is left", |now| {
                let account = now.people.accounts.get_mut(&guid(14)).expect("an account");
                account.created_by = Some("a run".to_owned());
            }),
        ],
    );
    assert_eq!(pools_of(&stack, BILLER).len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_sees_a_session_that_a_disabled_biller_has_left() -> Outcome {
    let course = forward(Scenario::Disable);
    let (stack, snapshot, right) = ended(course).await?;
    let run = stack.wait_for_end(BILLER, DEADLINE).await?;
    let before = Before::of(course, BILLER, &snapshot);
    let sessions = |now: &Snapshot| -> usize {
        let pools = now.secureauth.pools.values();
        pools
            .flat_map(|pool| pool.users.values())
            .map(|user| user.sessions)
            .sum()
    };
    assert_eq!((sessions(&snapshot), sessions(&right)), (2, 0));
    let judge = |now: &Snapshot| succeeded::is_as_asked(&before, &run, now);
    each_is_seen(
        &right,
        judge,
        &[
            ("a session is left, and not reported", |now| user(now, 1).sessions = 1),
            ("the users changed", |now| user(now, 1).status = "inactive".to_owned()),
        ],
    );
    Ok(())
}
