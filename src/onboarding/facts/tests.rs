use uuid::Uuid;

use super::*;

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
fn an_intent_without_an_outcome_is_neither_done_nor_forgotten() {
    let facts = Facts::of([checked(1), create()]);
    assert_eq!(facts.next_step(Kind::Enable), Some(Step::EnsureOrganization));
    assert!(facts.touched_secureauth());
}

#[test]
fn a_refused_creation_leaves_nothing_to_take_back() {
    let facts = Facts::of([create(), Entry::OrganizationRefused]);
    assert!(!facts.touched_secureauth());
    assert_eq!(facts.intents, 1);
}

#[test]
fn a_refusal_does_not_settle_an_earlier_request_whose_answer_was_lost() {
    let facts = Facts::of([create(), create(), Entry::OrganizationRefused]);
    assert!(facts.touched_secureauth());
    assert_eq!(facts.organization.map(|fact| fact.origin), Some(Origin::Intended));
}

#[test]
fn a_biller_without_users_skips_the_import() {
    let facts = Facts::of([
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
            result: "present".into(),
        },
    ]);
    assert_eq!(facts.next_step(Kind::Enable), Some(Step::ActivateOrganization));
}

#[test]
fn an_organization_that_does_not_show_what_was_asked_for_is_not_done() {
    let created = Entry::OrganizationCreated {
        organization_id: "1876".into(),
        live: false,
        differs_in: vec!["parent_id".into()],
    };
    let facts = Facts::of([checked(1), create(), created]);
    assert_eq!(facts.next_step(Kind::Enable), Some(Step::EnsureOrganization));
}

#[test]
fn a_checkpoint_settles_the_chunks_before_it() {
    let chunk = Entry::ImportChunk {
        first: Uuid::nil(),
        last: Uuid::max(),
        count: 2,
        hash: "h".into(),
    };
    let mut facts = Facts::of([chunk]);
    assert_eq!(facts.import.open_chunks.len(), 1);
    facts.apply(&Entry::ImportedUpTo { last: Uuid::max() });
    assert!(facts.import.open_chunks.is_empty() && facts.import.touched);
}

#[test]
fn what_deactivated_was_first_is_what_is_put_back() {
    let activate = |was_deactivated| Entry::Activate {
        organization_id: "1876".into(),
        was_deactivated,
    };
    let facts = Facts::of([activate(true), activate(false)]);
    assert_eq!(facts.switched_from, Some(true));
}
