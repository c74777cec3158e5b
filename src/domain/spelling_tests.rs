//! How values are spelled in the database, over HTTP and in logs. Whoever renames a variant changes what is stored already:
//! this is where it shows.

use std::fmt::Debug;
use std::str::FromStr;

use strum::VariantNames;

use super::biller::CiamState;
use super::issue::{Code, Field};
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
        "import_users",
        "verify_users",
        "activate_organization",
        "record_activation",
        "deactivate_organization",
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
    ]);
    spelled::<Code>(&[
        "missing",
        "invalid",
        "too_long",
        "duplicate",
        "unknown_value",
        "refused",
    ]);
}

#[test]
fn the_sources_keep_the_hyphens_the_crm_sends() {
    spelled::<Source>(&["crm-toggle", "biller-wizard"]);
}
