//! The version of the schema.

use biller_onboarding::store::{SCHEMA_VERSIONS, StoreError};

use super::db::{Db, on_both};
use super::fixtures::{biller, queued};

async fn the_schema_has_a_version_that_this_program_works_with(db: &dyn Db) {
    let version = db.store().schema_version().await.unwrap();
    assert!(version.is_some_and(|it| SCHEMA_VERSIONS.contains(&it.version) && it.fits()));
}

async fn migrating_again_changes_nothing(db: &dyn Db) {
    let id = queued(db).await;
    let before = db.store().run(id).await.unwrap();
    assert!(db.migrate().await.unwrap().is_empty());
    assert!(db.run_script_by_hand().await);
    assert_eq!(db.store().run(id).await.unwrap(), before);
}

async fn the_sample_crm_may_be_created_again_and_keeps_its_rows(db: &dyn Db) {
    db.add_biller("1876", Some("City of Sample")).await;
    db.create_sample_crm().await.unwrap();
    let view = db.store().biller(&biller("1876"), 0).await.unwrap();
    assert_eq!(view.expect("is there").name.as_deref(), Ok("City of Sample"));
}

/// A conversion in the view would keep the server from using the index.
#[test]
fn the_example_for_dbas_passes_keys_on_as_its_index_holds_them() {
    let script = include_str!("../../../infra/sql/sql_server/sample_crm.sql");
    let (_, view) = script.split_once("CREATE VIEW ciam.BillerUser AS").unwrap();
    let (view, _) = view.split_once("');").unwrap();
    let columns = "u.BillerId, u.UserGuid, u.UserName, u.FirstName, u.LastName, u.Email, u.Status";
    assert!(view.contains(columns) && !view.contains("CONVERT"), "{view}");
    let index =
        "ON crm.BillerUser (BillerId, UserGuid)\n        INCLUDE (UserName, FirstName, LastName, Email, Status)";
    assert!(script.contains(index));
}

async fn a_database_that_another_edition_of_a_script_made_is_refused_by_name(db: &dyn Db) {
    let id = queued(db).await;
    let other = "0".repeat(64);
    db.set_script_hash(&other).await;
    is_refused(db, Some(&other)).await;
    assert!(db.store().run(id).await.unwrap().is_some(), "nothing was changed");
}

async fn a_database_from_before_script_hashes_is_refused_by_name(db: &dyn Db) {
    let id = queued(db).await;
    db.drop_script_hash().await;
    is_refused(db, None).await;
    assert!(db.store().run(id).await.unwrap().is_some(), "nothing was changed");
}

/// Whoever looks at the schema or migrates it learns which version it is and which script was expected; looking again after
/// that shows the same.
async fn is_refused(db: &dyn Db, hash: Option<&str>) {
    let looked = || async { db.store().schema_version().await.map(drop) };
    for refused in [looked().await, db.migrate().await.map(drop), looked().await] {
        let error = refused.unwrap_err();
        let told = error.to_string();
        assert!(
            matches!(&error, StoreError::OlderSchema { version: 1, found, .. } if found.as_deref() == hash),
            "{error:?}"
        );
        assert!(
            told.contains("schema version 1") && told.contains("create a new database"),
            "{told}"
        );
    }
    assert!(!db.run_script_by_hand().await);
    assert!(looked().await.is_err());
}

async fn a_newer_schema_is_worked_with_if_it_asks_for_no_newer_program(db: &dyn Db) {
    let own = *SCHEMA_VERSIONS.end();
    db.add_schema_version(own + 1, own).await;
    let found = db.store().schema_version().await.unwrap().unwrap();
    assert_eq!((found.version, found.minimum_program), (own + 1, own));
    assert!(found.fits());
    let id = queued(db).await;
    assert!(db.store().run(id).await.unwrap().is_some());
    assert!(db.migrate().await.unwrap().is_empty(), "nothing is taken back");
    db.add_schema_version(own + 2, own + 1).await;
    assert!(!db.store().schema_version().await.unwrap().unwrap().fits());
}

async fn a_database_without_our_tables_has_no_version(db: &dyn Db) {
    db.drop_schema_version().await;
    assert_eq!(db.store().schema_version().await.unwrap(), None);
}

on_both![
    the_schema_has_a_version_that_this_program_works_with,
    migrating_again_changes_nothing,
    the_sample_crm_may_be_created_again_and_keeps_its_rows,
    a_database_that_another_edition_of_a_script_made_is_refused_by_name,
    a_database_from_before_script_hashes_is_refused_by_name,
    a_newer_schema_is_worked_with_if_it_asks_for_no_newer_program,
    a_database_without_our_tables_has_no_version,
];
