use super::*;
use crate::domain::journal::IdpResult;

fn checked(total: u64) -> Entry {
    Entry::UsersChecked {
        total,
        deleted: 0,
        invalid: 0,
        leavers_limit: 5,
    }
}

fn create() -> Entry {
    Entry::CreateOrganization {
        organization_id: "1876".into(),
        key: "k".into(),
    }
}

#[test]
fn an_intent_without_an_outcome_leaves_the_step_open_and_counts_as_touched() {
    let journal = JournalState::of([checked(1), create()]);
    assert_eq!(journal.next_step(Kind::Enable), Some(Step::EnsureOrganization));
    assert!(journal.touched_secureauth());
}

#[test]
fn a_refused_creation_leaves_nothing_to_roll_back() {
    let journal = JournalState::of([create(), Entry::OrganizationRefused]);
    assert!(!journal.touched_secureauth());
    assert_eq!(journal.intents, 1);
}

#[test]
fn a_refusal_does_not_settle_an_earlier_request_whose_answer_was_lost() {
    let journal = JournalState::of([create(), create(), Entry::OrganizationRefused]);
    assert!(journal.touched_secureauth());
    assert_eq!(
        journal.organization.map(|recorded| recorded.origin),
        Some(Origin::Intended)
    );
}

#[test]
fn a_biller_without_users_skips_the_import() {
    let journal = JournalState::of([
        checked(0),
        Entry::OrganizationCreated {
            organization_id: "1876".into(),
            live: false,
            differs_in: Vec::new(),
        },
        Entry::PoolCreated {
            pool_id: "p".into(),
            payload_schema_id: "a".into(),
            metadata_schema_id: "b".into(),
            differs_in: Vec::new(),
            is_only_one: true,
        },
        Entry::IdpChecked {
            pool_id: "p".into(),
            result: IdpResult::Present,
        },
    ]);
    assert_eq!(journal.next_step(Kind::Enable), Some(Step::ActivateOrganization));
}

#[test]
fn an_organization_without_the_requested_settings_leaves_its_step_open() {
    let created = Entry::OrganizationCreated {
        organization_id: "1876".into(),
        live: false,
        differs_in: vec!["parent_id".into()],
    };
    let journal = JournalState::of([checked(1), create(), created]);
    assert_eq!(journal.next_step(Kind::Enable), Some(Step::EnsureOrganization));
}

#[test]
fn what_an_earlier_time_slice_verified_is_verified_again_until_the_organization_is_live() {
    let verified = Entry::UsersVerified { counted: Some(1) };
    let mut journal = JournalState::of([verified.clone()]);
    assert_eq!(journal.sync.verified, Verified::InAnEarlierTimeSlice);
    assert!(!journal.is_done(Step::VerifyUsers));
    journal.apply(&verified);
    assert!(journal.is_done(Step::VerifyUsers));
    assert!(JournalState::of([verified, Entry::Activated]).is_done(Step::VerifyUsers));
}

#[test]
fn a_repeated_intent_does_not_overwrite_the_first_value_of_deactivated() {
    let activate = |was_deactivated| Entry::Activate {
        organization_id: "1876".into(),
        was_deactivated,
    };
    let journal = JournalState::of([activate(true), activate(false)]);
    assert_eq!(journal.deactivated_before, Some(true));
}
