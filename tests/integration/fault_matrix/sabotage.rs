//! The oracle is tested too: in what a real run has left, one thing after the other is put wrong, and each must be named.

use local_stack::{RunRecord, Stack};
use serde_json::json;

use super::invariant::{Before, is_as_before};
use super::lane::{begin, end, prepare, quick};
use super::scenario::{Course, Scenario};
use super::snapshot::Snapshot;
use super::{forward, rolled_back, stuck, succeeded};
use crate::support::{DEADLINE, Outcome};

/// What the oracle is given of a run that ended.
#[derive(Clone)]
struct Evidence {
    run: RunRecord,
    now: Snapshot,
}

/// Runs a course, and returns what was before it and what it left.
async fn evidence(course: Course) -> Result<(Snapshot, Evidence), Box<dyn std::error::Error>> {
    let (stack, biller) = (Stack::start(quick()).await?, "sabotaged");
    prepare(&stack, course, &[biller.to_owned()]).await?;
    let before = begin(&stack, course, biller, |_| {}).await?;
    let run = stack.wait_for_end(biller, DEADLINE).await?;
    end(&stack, biller).await?;
    let evidence = Evidence {
        run,
        now: Snapshot::take(&stack, biller).await?,
    };
    Ok((before, evidence))
}

fn first_pool(now: &mut Snapshot) -> &mut super::snapshot::Pool {
    now.secureauth.pools.values_mut().next().expect("there is a pool")
}

fn first_user(now: &mut Snapshot) -> &mut secureauth_simulator::PoolUser {
    first_pool(now).users.values_mut().next().expect("there is a user")
}

/// A sabotage, and what the oracle has to say of it.
pub(super) type Sabotage<T> = (&'static str, fn(&mut T));

/// Every sabotage must be refused with its words, and the untouched original accepted.
pub(super) fn each_is_seen<T: Clone>(
    original: &T,
    judge: impl Fn(&T) -> Result<(), String>,
    sabotages: &[Sabotage<T>],
) {
    assert_eq!(judge(original), Ok(()));
    for (words, sabotage) in sabotages {
        let mut wrong = original.clone();
        sabotage(&mut wrong);
        let said = judge(&wrong).expect_err(words);
        assert!(said.contains(words), "{words}: {said}");
    }
}

fn before(course: Course, snapshot: &Snapshot) -> Before<'_> {
    Before::of(course, "sabotaged", snapshot)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_sees_whatever_is_wrong_after_a_success() -> Outcome {
    let course = forward(Scenario::NewBiller);
    let (snapshot, right) = evidence(course).await?;
    let before = before(course, &snapshot);
    let judge = |it: &Evidence| succeeded::is_as_asked(&before, &it.run, &it.now);
    each_is_seen(
        &right,
        judge,
        &[
            ("the organization has the marker of another run", |it| {
                let organization = it.now.secureauth.organization.as_mut().expect("is there");
                organization["metadata"]["payload"]["ic_onboarding_id"] = json!("another");
            }),
            ("the pool has the marker of another run", |it| {
                first_pool(&mut it.now).entry.metadata["ic_bid"] = json!("another");
            }),
            ("an account is open", |it| {
                let accounts = it.now.people.accounts.values_mut();
                accounts.for_each(|account| account.open = true);
            }),
            ("a user is missing", |it| {
                it.now.people.accounts.pop_first();
            }),
            ("there are 2 pools", |it| {
                let second = first_pool(&mut it.now).clone();
                it.now.secureauth.pools.insert("second".into(), second);
            }),
            ("SQL names another pool", |it| it.now.secureauth.pools.clear()),
            ("the pool has no identity provider", |it| {
                first_pool(&mut it.now).entry.idp = false;
            }),
            ("is missing", |it| {
                first_pool(&mut it.now).users.pop_first();
            }),
            ("there are too many users", |it| {
                let user = first_user(&mut it.now).clone();
                first_pool(&mut it.now).users.insert("left-over".into(), user);
            }),
            ("a user is not as the CRM has it", |it| {
                first_user(&mut it.now).status = "inactive".into();
            }),
            ("the `deactivated` flag is wrong", |it| {
                it.now.secureauth.organization.as_mut().expect("is there")["deactivated"] = json!(true);
            }),
            ("SQL has another state", |it| {
                it.now.record.as_mut().expect("is there").state = "inactive".into();
            }),
            ("SQL names another organization", |it| {
                it.now.record.as_mut().expect("is there").organization_id = Some("another".into());
            }),
            ("SQL names another pool", |it| {
                it.now.record.as_mut().expect("is there").identity_pool_id = None;
            }),
            ("there is no activation date", |it| {
                it.now.record.as_mut().expect("is there").activation_date = None;
            }),
            ("the CRM has another activation date", |it| {
                it.now.product.as_mut().expect("is there").activation_date = None;
            }),
            ("the CRM's toggle is wrong", |it| {
                it.now.product.as_mut().expect("is there").toggle_on = false;
            }),
            ("the CRM names another run", |it| {
                it.run.onboarding_id = "another".into();
            }),
            ("the CRM was told nothing", |it| it.now.product = None),
        ],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_sees_whatever_a_sync_changes_beside_the_users() -> Outcome {
    let course = forward(Scenario::Sync);
    let (snapshot, right) = evidence(course).await?;
    let before = before(course, &snapshot);
    let judge = |it: &Evidence| succeeded::is_as_asked(&before, &it.run, &it.now);
    each_is_seen(
        &right,
        judge,
        &[
            ("a sync changed the activation date", |it| {
                let record = it.now.record.as_mut().expect("is there");
                record.activation_date = record.activation_date.map(|date| date + time::Duration::DAY);
            }),
            ("a sync told the CRM something", |it| {
                it.now.product.as_mut().expect("is there").onboarding_id = "another".into();
            }),
            ("the organization changed", |it| {
                it.now.secureauth.organization.as_mut().expect("is there")["color"] = json!("#000000");
            }),
            ("the pool changed", |it| {
                first_pool(&mut it.now).settings["name"] = json!("another");
            }),
        ],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_sees_whatever_a_rollback_leaves_or_changes() -> Outcome {
    let course = rolled_back(Scenario::ForeignPool);
    let (old, ended) = evidence(course).await?;
    let old = before(course, &old);
    assert_eq!(ended.run.state, "failed");
    each_is_seen(
        &ended.now,
        |now| is_as_before(&old, now),
        &[
            ("the organization is gone", |now| now.secureauth.organization = None),
            ("`deactivated` flag is not as it was", |now| {
                now.secureauth.organization.as_mut().expect("is there")["deactivated"] = json!(false);
            }),
            ("the organization changed", |now| {
                now.secureauth.organization.as_mut().expect("is there")["name"] = json!("another");
            }),
            ("a pool is left", |now| {
                let second = first_pool(now).clone();
                now.secureauth.pools.insert("second".into(), second);
            }),
            ("a pool is gone", |now| now.secureauth.pools.clear()),
            ("a pool changed", |now| {
                first_pool(now).settings["name"] = json!("another");
            }),
            ("a user is left", |now| {
                let user = first_user(now).clone();
                first_pool(now).users.insert("left-over".into(), user);
            }),
            ("a user is gone", |now| {
                first_pool(now).users.pop_first();
            }),
            ("a user is not as it was", |now| {
                first_user(now).status = "inactive".into();
            }),
            ("the identity providers changed", |now| {
                now.secureauth.idps.push("another".into());
            }),
            ("the biller's record is not as it was", |now| {
                now.record = Some(local_stack::BillerRecord {
                    state: "active".into(),
                    activation_date: None,
                    organization_id: None,
                    identity_pool_id: None,
                    generation: 0,
                });
            }),
        ],
    );
    let course = rolled_back(Scenario::NewBiller);
    let (old, ended) = evidence(course).await?;
    let old = before(course, &old);
    let organization = json!({"id": "sabotaged", "deactivated": true});
    let mut left = ended.now;
    assert_eq!(is_as_before(&old, &left), Ok(()));
    left.secureauth.organization = Some(organization);
    let said = is_as_before(&old, &left).expect_err("is left");
    assert!(said.contains("its organization is left"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_sees_what_becomes_of_another_biller_and_what_a_report_does_not_say() -> Outcome {
    let course = rolled_back(Scenario::ForeignPool);
    let (old, ended) = evidence(course).await?;
    let another = |now: &Snapshot| now.elsewhere.is_as_before(&old.elsewhere);
    each_is_seen(
        &ended.now,
        another,
        &[
            ("an organization of another biller", |now| {
                now.elsewhere.sabotage_organizations();
            }),
            ("an identity provider of another biller", |now| {
                now.elsewhere.sabotage_idps();
            }),
            ("an organization of another biller changed", |now| {
                now.elsewhere.sabotage_another_organization();
            }),
            ("a pool of another biller", |now| now.elsewhere.sabotage_another_pool()),
            ("a user of another biller", |now| now.elsewhere.sabotage_users()),
            ("the record of another biller", |now| now.elsewhere.sabotage_records()),
        ],
    );
    let run = RunRecord {
        reason: Some("not_rolled_back".into()),
        ..ended.run
    };
    let mut left = ended.now;
    let user = first_user(&mut left).clone();
    first_pool(&mut left).users.insert("left-over".into(), user);
    let pool = first_pool(&mut left).entry.id.clone();
    let before = before(course, &old);
    let says = |line: String| stuck::says_enough(&[line], &before, &run, &left);
    let report = format!(
        "the run is stuck {} not_rolled_back users in pool {pool}",
        run.onboarding_id
    );
    assert_eq!(says(report.clone()), Ok(()));
    for (part, words) in [
        ("the run is stuck", "no error line says so"),
        (&*run.onboarding_id, "no error line says so"),
        ("not_rolled_back", "`not_rolled_back` is not named"),
        (&*pool, "is not named"),
    ] {
        let said = says(report.replace(part, "…")).expect_err(part);
        assert!(said.contains(words), "{part}: {said}");
    }
    Ok(())
}
