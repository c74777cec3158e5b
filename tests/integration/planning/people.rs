//! `plan` names whom a Yes would change or report, and the run then does that.

use local_stack::{Stack, UserRow};
use rusqlite::Connection;
use secureauth_simulator::{Fault, Seed};
use serde_json::json;

use super::told::{Told, assert_did, organization, plan};
use crate::moves::{BILLER, guid_of, remove, replace, sample};
use crate::support::{Outcome, enable, options, pools_of, refusal, stack_with, start};

/// The lines about single people, in order.
fn people(told: &Told) -> Vec<&str> {
    let lines = told.lines.iter();
    lines
        .filter_map(|line| line.strip_prefix("user "))
        .map(str::trim)
        .collect()
}

/// The issues of the latest run: GUID and code, in order.
fn issues(stack: &Stack) -> Result<Vec<(String, String)>, rusqlite::Error> {
    let connection = Connection::open(stack.database().path())?;
    let mut select = connection.prepare(
        "SELECT lower(user_guid), code FROM onboarding_issue WHERE onboarding_id = \
         (SELECT onboarding_id FROM onboarding ORDER BY created_at DESC LIMIT 1) ORDER BY 1",
    )?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_moves_and_leaves_is_named() -> Outcome {
    let stack = stack_with(BILLER, 8).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 1)?;
    let moves = UserRow {
        last_name: Some("Renamed".into()),
        ..sample(2)
    };
    replace(&stack, &moves)?;
    // Number 30 gets the user name of number 1, who left. Number 31 gets the one of number 4, who has it.
    let heir = UserRow {
        user_name: sample(1).user_name,
        ..sample(30)
    };
    remove(&stack, 3)?;
    let rekeyed = UserRow {
        user_guid: Some(guid_of(&sample(33))),
        ..sample(3)
    };
    stack.crm().add_users(BILLER, &[heir, rekeyed])?;
    let database = Connection::open(stack.database().path())?;
    database.execute("UPDATE crm_biller SET biller_name = 'Smith & Daughters'", [])?;
    let told = plan(&stack, BILLER).await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect(
        "organization",
        "1876 exists below invoice-cloud, live, with the marker of an earlier run, would be renamed to Smith & Daughters",
    );
    told.expect(
        "import",
        "1 imported, 1 changed, 1 deactivated, 0 reactivated, 6 already present, 1 re-keyed",
    );
    let expected = [
        format!(
            "{} imported: the user name passes on from another account",
            guid_of(&sample(30))
        ),
        format!("{} changed: profile", guid_of(&sample(2))),
        format!("{} deactivated: left the CRM", guid_of(&sample(1))),
        format!("{} re-keyed: was {}", guid_of(&sample(33)), guid_of(&sample(3))),
    ];
    assert_eq!(people(&told), expected);
    let run = enable(&stack, BILLER).await?;
    let did = (run.imported, run.changed, run.deactivated, run.already_present);
    assert_eq!((run.state.as_str(), did), ("succeeded", (1, 1, 1, 6)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_keeps_access_or_gets_no_name_is_named() -> Outcome {
    let stack = start(options().set("LEAVERS", "keep"), BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 1)?;
    let number_4 = UserRow {
        user_name: Some("two words".into()),
        ..sample(4)
    };
    replace(&stack, &number_4)?;
    // Number 4 keeps its user name, because its row has a data error.
    let joiner = UserRow {
        user_name: sample(4).user_name,
        ..sample(31)
    };
    let mover = UserRow {
        user_name: sample(4).user_name,
        ..sample(2)
    };
    for taker in [joiner, mover] {
        if stack.crm().replace_user(BILLER, &taker)? == 0 {
            stack.crm().add_users(BILLER, std::slice::from_ref(&taker))?;
        }
        let told = plan(&stack, BILLER).await?;
        assert_eq!(told.code, Some(0), "{}", told.why);
        let user = taker.user_guid.clone().unwrap_or_default();
        let expected = [
            format!("{} kept: left the CRM", guid_of(&sample(1))),
            format!("{user} data error: user_name held by {}", guid_of(&sample(4))),
        ];
        assert_eq!(people(&told), expected);
        let run = enable(&stack, BILLER).await?;
        assert_eq!((run.state.as_str(), run.imported, run.changed), ("succeeded", 0, 0));
        let mut reported = vec![
            (guid_of(&sample(1)), "left".to_owned()),
            (guid_of(&sample(4)), "invalid".to_owned()),
            (user.clone(), "held".to_owned()),
        ];
        reported.sort();
        assert_eq!(issues(&stack)?, reported);
        if user == guid_of(&sample(31)) {
            remove(&stack, 31)?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_people_without_access_in_the_crm_and_those_who_want_their_names_are_named() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    let pool = json!({"id": "theirs", "name": "Theirs", "workspace_id": BILLER, "identifier_case_insensitive": true,
        "payload_schema_id": stack.handler().settings()["SECUREAUTH_PAYLOAD_SCHEMA_ID"]});
    let mut seed = Seed::default().organization(&organization(&json!({}))).pool(&pool);
    for number in [1, 2] {
        let name = sample(number).user_name;
        seed = seed.user(
            &json!({"id": format!("theirs-{number}"), "user_pool_id": "theirs", "status": "active",
            "identifiers": [{"identifier": name, "type": "uid"}]}),
        );
    }
    stack.simulator().seed(seed)?;
    assert_eq!(enable(&stack, BILLER).await?.linked, 2);
    remove(&stack, 2)?;
    let namesake = UserRow {
        user_name: sample(2).user_name,
        ..sample(41)
    };
    stack.crm().add_users(BILLER, &[namesake])?;
    let told = plan(&stack, BILLER).await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    let expected = [
        format!("{} linked", guid_of(&sample(1))),
        format!("{} not adopted: the CRM gives no access", guid_of(&sample(2))),
        format!(
            "{} data error: user_name held by {}",
            guid_of(&sample(41)),
            guid_of(&sample(2))
        ),
    ];
    assert_eq!(people(&told), expected);
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.linked, run.imported), ("succeeded", 1, 0));
    let mut reported = vec![
        (guid_of(&sample(2)), "not_adopted".to_owned()),
        (guid_of(&sample(41)), "held".to_owned()),
    ];
    reported.sort();
    assert_eq!(issues(&stack)?, reported);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_twenty_of_a_kind_are_named_and_the_others_counted() -> Outcome {
    let stack = stack_with(BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    let joiners: Vec<UserRow> = (100..125).map(sample).collect();
    stack.crm().add_users(BILLER, &joiners)?;
    let told = plan(&stack, BILLER).await?;
    assert_eq!(told.import(), [25, 0, 0, 0, 4]);
    let people = people(&told);
    assert_eq!(people.len(), 21);
    assert_eq!(people.last(), Some(&"and 5 more imported"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_whose_change_failed_and_whose_user_somebody_deleted_is_not_counted() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    enable(&stack, BILLER).await?;
    let id = stack.database().accounts(BILLER)?[&guid_of(&sample(2))].user_id.clone();
    remove(&stack, 2)?;
    let fails = Fault::on("update_user", refusal(500, false)).path(&id);
    stack.simulator().faults().add(fails);
    assert_eq!(enable(&stack, BILLER).await?.state, "failed");
    stack.simulator().faults().clear();
    let pool = pools_of(&stack, BILLER).pop().unwrap_or_default();
    assert!(stack.simulator().remove_user(&pool, &id));
    let told = plan(&stack, BILLER).await?;
    assert_eq!(told.import(), [0, 0, 0, 0, 4], "{:#?}", told.lines);
    assert_did(&enable(&stack, BILLER).await?, &told);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_deleted_people_in_a_found_pool_as_many_are_adopted_as_the_guard_lets_go() -> Outcome {
    let adopts = options()
        .set("ADOPT_EXISTING_USERS", "true")
        .set("ON_INVALID_USER", "skip")
        .set("MAX_SKIPPED_PERCENT", "50");
    let stack = start(adopts, BILLER, 12).await?;
    let pool = json!({"id": "theirs", "name": "Theirs", "workspace_id": BILLER, "identifier_case_insensitive": true,
        "payload_schema_id": stack.handler().settings()["SECUREAUTH_PAYLOAD_SCHEMA_ID"]});
    let mut seed = Seed::default().organization(&organization(&json!({}))).pool(&pool);
    for number in 1..=8 {
        let name = sample(number).user_name;
        seed = seed.user(
            &json!({"id": format!("theirs-{number}"), "user_pool_id": "theirs", "status": "active",
            "identifiers": [{"identifier": name, "type": "uid"}]}),
        );
        assert_eq!(
            stack
                .crm()
                .set_user_status(BILLER, &guid_of(&sample(number)), "deleted")?,
            1
        );
    }
    stack.simulator().seed(seed)?;
    // The user of number 8 may be the one of number 9, whose row has a data error.
    let namesake = UserRow {
        user_name: sample(8).user_name,
        email: Some("no address".into()),
        ..sample(9)
    };
    replace(&stack, &namesake)?;
    let told = plan(&stack, BILLER).await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect(
        "import",
        "3 imported, 0 changed, 5 deactivated, 0 reactivated, 0 already present, 3 not adopted",
    );
    let run = enable(&stack, BILLER).await?;
    assert_did(&run, &told);
    let reported = issues(&stack)?;
    let not_adopted = reported.iter().filter(|(_, code)| code == "not_adopted");
    assert_eq!(not_adopted.count(), 3, "{reported:?}");
    assert_eq!((run.imported, run.deactivated), (3, 5));
    Ok(())
}
