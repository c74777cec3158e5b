use uuid::Uuid;

use super::*;
use crate::domain::journal::IdpResult;

fn checked(total: u64) -> Entry {
    Entry::UsersChecked {
        total,
        deleted: 0,
        invalid: 0,
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
fn a_checkpoint_settles_the_chunks_before_it() {
    let chunk = Entry::ImportChunk {
        first: Uuid::nil(),
        last: Uuid::max(),
        count: 2,
        hash: "h".into(),
    };
    let mut journal = JournalState::of([chunk]);
    assert_eq!(journal.import.open_chunks.len(), 1);
    journal.apply(&Entry::ImportedUpTo { last: Uuid::max() });
    assert!(journal.import.open_chunks.is_empty() && journal.import.touched);
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
