//! Pools that stood before: their users are linked, reported where the CRM gives them no access, and adopted on request.

use local_stack::{Stack, UserRow};
use secureauth_simulator::Seed;
use serde_json::json;

use super::{BILLER, assert_synced, guid_of, issues, name_of, remove, sample, set_status};
use crate::support::{Outcome, enable, options, start, users_in_secureauth};

/// A pool that somebody made by hand, with users of the CRM in it.
fn by_hand(stack: &Stack, numbers: &[u32]) -> Outcome {
    let organization = json!({"id": BILLER, "name": "Old", "parent_id": "invoice-cloud", "deactivated": true});
    let pool = json!({"id": "theirs", "name": "Theirs", "workspace_id": BILLER, "identifier_case_insensitive": true,
        "payload_schema_id": "5d5ced58793b41178123b2d1cc5fb658"});
    let mut seed = Seed::default().organization(&organization).pool(&pool);
    for number in numbers {
        let row = sample(*number);
        let address = json!({"address": row.email, "type": "email", "verified": false, "status": "active"});
        let user = json!({"id": format!("theirs-{number}"), "user_pool_id": "theirs", "status": "active",
            "payload": {"user_name": row.user_name}, "verifiable_addresses": [address],
            "identifiers": [{"identifier": row.user_name, "type": "uid"}]});
        seed = seed.user(&user);
    }
    stack.simulator().seed(seed)?;
    Ok(())
}

fn status_of(stack: &Stack, id: &str) -> String {
    let mut users = users_in_secureauth(stack, BILLER).into_iter();
    users
        .find(|user| user.id == id)
        .map(|user| user.status)
        .unwrap_or_default()
}

fn not_adopted(number: u32) -> (String, String, String) {
    (guid_of(&sample(number)), "status".to_owned(), "not_adopted".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_the_crm_gives_no_access_is_reported_each_time_until_adopted() -> Outcome {
    let stack = start(options(), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3, 77, 78])?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.imported, run.linked), ("succeeded", 2, 3));
    let told = stack.handler().run(&["status", BILLER]).await?;
    assert!(
        told.contains("others        2 users of the pool have no row in the CRM"),
        "{told}"
    );
    set_status(&stack, 1, "inactive")?;
    remove(&stack, 2)?;
    for _ in 0..2 {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.linked, run.deactivated, run.skipped), (2, 0, 0));
        let mut expected = vec![not_adopted(1), not_adopted(2)];
        expected.sort();
        assert_eq!(issues(&stack)?, expected);
    }
    assert_eq!(
        [1, 2, 3].map(|number| status_of(&stack, &format!("theirs-{number}"))),
        ["active"; 3]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_users_are_brought_in_line_and_never_deleted() -> Outcome {
    let stack = start(options().set("ADOPT_EXISTING_USERS", "true"), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.imported, run.linked), ("succeeded", 2, 3));
    set_status(&stack, 1, "inactive")?;
    remove(&stack, 2)?;
    let row = UserRow {
        last_name: Some("Renamed".into()),
        ..sample(3)
    };
    super::replace(&stack, &row)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.linked, run.deactivated, issues(&stack)?), (0, 2, Vec::new()));
    assert_eq!(
        [1, 2, 3].map(|number| status_of(&stack, &format!("theirs-{number}"))),
        ["inactive", "inactive", "active"]
    );
    super::assert_true_to_the_crm(&stack)?;
    let ids: Vec<_> = users_in_secureauth(&stack, BILLER)
        .into_iter()
        .map(|user| user.id)
        .collect();
    assert!(
        ["theirs-1", "theirs-2", "theirs-3"]
            .iter()
            .all(|id| ids.contains(&(*id).to_owned()))
    );
    assert!(super::user(&stack, &name_of(&sample(4))).is_some());
    Ok(())
}
