//! Events: what they lead to, and that each is decided once.

use biller_onboarding::domain::run::{Kind, RunState};
use biller_onboarding::domain::wish::Decision;

use super::db::{Db, on_both};
use super::fixtures::{RESEND, run_id, yes};

async fn yes_starts_an_enable_run_that_is_queued(db: &dyn Db) {
    db.add_biller("1876", Some("Stadtwerke Köln 市")).await;
    let accepted = db.store().accept(&yes(1), RESEND).await.unwrap();
    assert_eq!(accepted.decision, Decision::Start(Kind::Enable));
    let run = accepted.run.expect("has a run");
    assert_eq!((run.id, run.state), (run_id(1), RunState::Queued));
    assert_eq!(run.biller_name.as_deref(), Some("Stadtwerke Köln 市"));
}

on_both![yes_starts_an_enable_run_that_is_queued];
