//! How values are spelled in the database, over HTTP and in logs. Whoever renames a variant changes what is stored already:
//! this is where it shows.

use std::fmt::Debug;
use std::str::FromStr;

use strum::VariantNames;

use super::biller::CiamState;
use super::issue::{Code, Field};
use super::journal::{Entry, IdpResult};
use super::operation::Operation;
use super::reason::Reason;
use super::run::{Kind, RunState};
use super::step::Step;
use super::toggle_event::Source;

/// `E` has these names and no others, and each is read back as the value it is the name of.
fn spelled<E>(names: &[&str])
where
    E: VariantNames + FromStr<Err: Debug> + Into<&'static str>,
{
    assert_eq!(E::VARIANTS, names);
    for name in names {
        let read: E = name.parse().unwrap();
        assert_eq!(read.into(), *name);
    }
    assert!("of_a_newer_version".parse::<E>().is_err());
}

#[test]
fn values_are_spelled_in_snake_case() {
    spelled::<CiamState>(&["not_enabled", "active", "inactive"]);
    spelled::<Kind>(&["enable", "sync", "disable"]);
    spelled::<RunState>(&[
        "queued",
        "running",
        "waiting",
        "rolling_back",
        "succeeded",
        "failed",
        "stuck",
        "cancelled",
    ]);
    spelled::<Step>(&[
        "check_users",
        "ensure_organization",
        "ensure_pool",
        "sync_users",
        "verify_users",
        "activate_organization",
        "record_activation",
        "deactivate_organization",
        "revoke_sessions",
        "record_deactivation",
    ]);
    spelled::<Field>(&[
        "user_guid",
        "user_name",
        "email",
        "first_name",
        "last_name",
        "status",
        "user",
        "biller_name",
    ]);
    spelled::<Code>(&[
        "missing",
        "invalid",
        "unreadable",
        "hidden_character",
        "too_long",
        "duplicate",
        "unknown_value",
        "held",
        "refused",
        "left",
        "not_adopted",
        "not_deactivated",
        "not_revoked",
        "enrolled",
    ]);
}

#[test]
fn reasons_commands_and_results_of_checks_are_spelled_in_snake_case() {
    spelled::<Reason>(&[
        "secureauth_unavailable",
        "scope_missing",
        "tenant_unknown",
        "credentials_refused",
        "secureauth_refused",
        "organization_id_reserved",
        "organization_elsewhere",
        "foreign_marker",
        "several_pools",
        "pool_id_reserved",
        "no_pool_while_deactivated",
        "pool_without_idp",
        "settings_ignored",
        "first_sign_in_not_possible",
        "payload_schema_unusable",
        "invalid_users",
        "too_many_leavers",
        "users_not_visible",
        "biller_without_name",
        "activation_not_recorded",
        "deactivation_not_recorded",
        "not_rolled_back",
        "previous_worker",
        "recheck",
        "worker_slot",
        "tenant_changed",
        "worker_lost",
        "database_unavailable",
        "operator",
    ]);
    spelled::<Operation>(&["resume", "rollback", "cancel", "close"]);
    spelled::<IdpResult>(&["present", "not_checked"]);
}

/// serde names all entries when it meets one that it does not know.
#[test]
fn journal_entries_are_spelled_in_snake_case() {
    let unknown = serde_json::from_str::<Entry>(r#"{"entry":"of_a_newer_version"}"#).unwrap_err();
    let message = unknown.to_string();
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let expected = [
        "of_a_newer_version",
        "settings_kept",
        "users_checked",
        "leavers_allowed",
        "organization_found",
        "create_organization",
        "organization_created",
        "organization_refused",
        "pool_found",
        "pool_users_recorded",
        "create_pool",
        "pool_created",
        "pool_refused",
        "pool_id_refused",
        "idp_checked",
        "sync_started",
        "sync_finished",
        "users_compared",
        "users_verified",
        "rename_organization",
        "activate",
        "activated",
        "deactivate",
        "deactivated",
        "sessions_revoked",
        "rollback_started",
        "delete_pool",
        "pool_deleted",
        "activation_rolled_back",
        "pools_rolled_back",
        "users_rolled_back",
        "delete_organization",
        "organization_deleted",
        "organization_restored",
        "organization_rolled_back",
        "rolled_back",
        "rechecked",
        "operator",
    ];
    assert_eq!(names, expected);
}

#[test]
fn values_within_an_entry_are_the_texts_of_their_enums_and_an_unknown_one_is_refused() {
    let json = |reason: &str| format!(r#"{{"entry":"rollback_started","reason":"{reason}"}}"#);
    let entry = Entry::RollbackStarted {
        reason: Reason::WorkerLost,
    };
    assert_eq!(serde_json::to_string(&entry).unwrap(), json("worker_lost"));
    assert_eq!(serde_json::from_str::<Entry>(&json("worker_lost")).unwrap(), entry);
    assert!(serde_json::from_str::<Entry>(&json("of_a_newer_version")).is_err());
}

#[test]
fn the_sources_keep_the_hyphens_the_crm_sends() {
    spelled::<Source>(&["crm-toggle", "biller-wizard"]);
}
