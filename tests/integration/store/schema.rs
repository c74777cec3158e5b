//! The version of the schema.

use biller_onboarding::store::SCHEMA_VERSIONS;

use super::db::{Db, on_both};
use super::fixtures::queued;

async fn the_schema_has_a_version_that_this_program_works_with(db: &dyn Db) {
    let version = db.store().schema_version().await.unwrap();
    assert!(version.is_some_and(|version| SCHEMA_VERSIONS.contains(&version)));
}

async fn migrating_again_changes_nothing(db: &dyn Db) {
    let id = queued(db).await;
    let before = db.store().run(id).await.unwrap();
    db.migrate().await;
    assert_eq!(db.store().run(id).await.unwrap(), before);
}

async fn a_database_without_our_tables_has_no_version(db: &dyn Db) {
    db.drop_schema_version().await;
    assert_eq!(db.store().schema_version().await.unwrap(), None);
}

on_both![
    the_schema_has_a_version_that_this_program_works_with,
    migrating_again_changes_nothing,
    a_database_without_our_tables_has_no_version,
];
