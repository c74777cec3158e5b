//! How runs end, and what is then recorded with the biller and in the CRM.

use biller_onboarding::domain::biller::{BillerCiam, CiamState};
use biller_onboarding::domain::run::{Run, RunState};
use biller_onboarding::store::{Ending, StoreError};

use super::db::{Db, on_both};
use super::fixtures::{
    LONG, SHORT, WHY, accept, activated, biller, finish, lease, leased, live, no, queued, run_id, stuck, yes,
};

async fn shown(db: &dyn Db) -> (BillerCiam, Run) {
    let view = db.store().biller(&biller("1876"), 1).await.unwrap();
    let view = view.expect("is listed");
    (view.biller, view.run.expect("has a run"))
}

fn synced() -> Ending {
    Ending::Synced {
        organization_id: "1876-b".into(),
        pool_id: "pool-2".into(),
    }
}

async fn an_activated_biller_has_the_time_of_its_activation_and_the_crm_has_it_too(db: &dyn Db) {
    queued(db).await;
    let before = db.now().await;
    finish(db, run_id(1), &live()).await;
    let (ciam, run) = shown(db).await;
    assert_eq!(ciam.state, CiamState::Active);
    assert_eq!(ciam.organization_id.as_deref(), Some("1876"));
    assert_eq!(ciam.identity_pool_id.as_deref(), Some("pool-1"));
    let since = ciam.activation_date.expect("has a date");
    assert!((before..=db.now().await).contains(&since));
    assert_eq!((run.state, run.reason), (RunState::Succeeded, None));
    assert_eq!(run.finished_at, Some(since));

    let crm = db.product_ciam("1876").await.expect("was told");
    assert_eq!((crm.status.as_str(), crm.toggle_on), ("Active", true));
    assert_eq!((crm.activation_date, crm.run), (Some(since), run_id(1).0));
}

async fn a_sync_leaves_state_toggle_and_date_as_they_were(db: &dyn Db) {
    activated(db).await;
    let (before, _) = shown(db).await;
    let told = db.product_ciam("1876").await;
    db.pass(SHORT).await;
    accept(&*db.store(), &yes(2)).await;
    finish(db, run_id(2), &synced()).await;
    let (after, run) = shown(db).await;
    assert_eq!(run.state, RunState::Succeeded);
    assert_eq!(
        (after.state, after.activation_date),
        (before.state, before.activation_date)
    );
    assert_eq!(after.identity_pool_id.as_deref(), Some("pool-2"));
    assert_eq!(after.organization_id.as_deref(), Some("1876-b"));
    assert_eq!(db.product_ciam("1876").await, told);
}

async fn a_disabled_biller_is_inactive_and_keeps_its_date(db: &dyn Db) {
    activated(db).await;
    let (before, _) = shown(db).await;
    db.pass(SHORT).await;
    accept(&*db.store(), &no(2)).await;
    finish(db, run_id(2), &Ending::Deactivated).await;
    let (after, _) = shown(db).await;
    assert_eq!(after.state, CiamState::Inactive);
    assert_eq!(after.activation_date, before.activation_date);
    assert_eq!(after.identity_pool_id.as_deref(), Some("pool-1"));
    let crm = db.product_ciam("1876").await.expect("was told");
    assert_eq!((crm.status.as_str(), crm.toggle_on), ("Inactive", false));
    assert_eq!((crm.activation_date, crm.run), (before.activation_date, run_id(2).0));
}

async fn a_biller_enabled_again_gets_a_new_date(db: &dyn Db) {
    activated(db).await;
    let (first, _) = shown(db).await;
    accept(&*db.store(), &no(2)).await;
    finish(db, run_id(2), &Ending::Deactivated).await;
    db.pass(SHORT).await;
    accept(&*db.store(), &yes(3)).await;
    finish(db, run_id(3), &live()).await;
    let (again, _) = shown(db).await;
    assert_eq!(again.state, CiamState::Active);
    assert!(again.activation_date > first.activation_date);
}

async fn a_biller_that_is_active_already_keeps_its_date(db: &dyn Db) {
    activated(db).await;
    let (first, _) = shown(db).await;
    db.pass(SHORT).await;
    accept(&*db.store(), &yes(2)).await;
    finish(db, run_id(2), &live()).await;
    let (again, _) = shown(db).await;
    assert_eq!(again.activation_date, first.activation_date);
}

async fn a_failed_run_leaves_the_biller_as_it_was_and_the_crm_is_not_told(db: &dyn Db) {
    queued(db).await;
    finish(db, run_id(1), &Ending::Failed(WHY)).await;
    let (ciam, run) = shown(db).await;
    assert_eq!(ciam, BillerCiam::untouched(biller("1876")));
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(run.reason.as_deref(), Some(WHY.into()));
    assert!(run.finished_at.is_some() && run.next_attempt_at.is_none());
    assert_eq!(db.product_ciam("1876").await, None);
}

async fn a_stuck_run_has_not_ended(db: &dyn Db) {
    stuck(db).await;
    let (ciam, run) = shown(db).await;
    assert_eq!(ciam.state, CiamState::NotEnabled);
    assert_eq!((run.state, run.finished_at), (RunState::Stuck, None));
    assert_eq!(run.reason.as_deref(), Some("not_rolled_back"));
    assert_eq!(db.product_ciam("1876").await, None);
}

async fn when_the_crm_refuses_nothing_is_written_and_the_lease_is_kept(db: &dyn Db) {
    let lease = leased(db).await;
    db.refuse_ciam_status().await;
    let store = db.store();
    let before = shown(db).await;
    let refused = store.finish(&lease, &live(), None).await;
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    assert!(!refused.unwrap_err().is_transient());
    assert_eq!(shown(db).await, before);
    assert_eq!(db.product_ciam("1876").await, None);
    store.renew(&lease, LONG).await.unwrap();
}

async fn when_the_crm_refuses_a_deactivation_nothing_is_written(db: &dyn Db) {
    activated(db).await;
    accept(&*db.store(), &no(2)).await;
    let lease = lease(&*db.store(), run_id(2), 1, LONG).await.lease;
    let (before, told) = (shown(db).await, db.product_ciam("1876").await);
    db.refuse_ciam_status().await;
    let refused = db.store().finish(&lease, &Ending::Deactivated, None).await;
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    assert_eq!(shown(db).await, before);
    assert_eq!(db.product_ciam("1876").await, told);
}

on_both![
    an_activated_biller_has_the_time_of_its_activation_and_the_crm_has_it_too,
    a_sync_leaves_state_toggle_and_date_as_they_were,
    a_disabled_biller_is_inactive_and_keeps_its_date,
    a_biller_enabled_again_gets_a_new_date,
    a_biller_that_is_active_already_keeps_its_date,
    a_failed_run_leaves_the_biller_as_it_was_and_the_crm_is_not_told,
    a_stuck_run_has_not_ended,
    when_the_crm_refuses_nothing_is_written_and_the_lease_is_kept,
    when_the_crm_refuses_a_deactivation_nothing_is_written,
];
