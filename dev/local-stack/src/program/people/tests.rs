//! The comparison has to fail where a person is not as the CRM says, whatever the sums say.

use super::*;

const LIVE: Ending = Ending::Active(3);
const BILLER: &str = "1011";

fn row(number: u32) -> UserRow {
    UserRow::sample(BILLER, number)
}

fn guid(number: u32) -> String {
    row(number).user_guid.unwrap_or_default()
}

/// Three people who are in SecureAuth as the CRM says; the id of a user is the number of its person.
struct Sample {
    rows: Vec<UserRow>,
    accounts: BTreeMap<String, AccountRecord>,
    users: BTreeMap<String, User>,
    issues: Vec<IssueRecord>,
}

impl Sample {
    fn new() -> Self {
        let account = |number: u32| AccountRecord {
            user_id: number.to_string(),
            origin: "imported".to_owned(),
            open: false,
            created_by: None,
        };
        let user = |number: u32| User {
            names: row(number).user_name.into_iter().collect(),
            may_sign_in: true,
            sessions: 1,
        };
        Self {
            rows: UserRow::samples(BILLER, 3),
            accounts: (1..=3).map(|number| (guid(number), account(number))).collect(),
            users: (1..=3).map(|number| (number.to_string(), user(number))).collect(),
            issues: Vec::new(),
        }
    }

    fn user(&mut self, number: u32) -> &mut User {
        self.users.get_mut(&number.to_string()).unwrap()
    }

    fn report(&mut self, number: u32) {
        self.issues.push(IssueRecord {
            user_guid: Some(guid(number)),
            field: "user_name".to_owned(),
            code: "duplicate".to_owned(),
            held_by: None,
        });
    }

    /// GUIDs of the people who are not as the CRM says, and the first sentence.
    fn wrong(self, ending: Ending) -> (Vec<String>, String) {
        let found = People::of(self.rows, self.accounts, self.users, self.issues).disagreements(ending);
        let guids = found.iter().filter_map(|sentence| sentence.split_whitespace().next());
        (
            guids.map(str::to_owned).collect(),
            found.first().cloned().unwrap_or_default(),
        )
    }
}

fn sorted<const N: usize>(mut guids: [String; N]) -> Vec<String> {
    guids.sort();
    guids.to_vec()
}

#[test]
fn people_who_are_as_the_crm_says_are_no_disagreement() {
    assert_eq!(Sample::new().wrong(LIVE).0, [""; 0]);
}

#[test]
fn two_people_with_each_others_names_are_a_disagreement() {
    let mut sample = Sample::new();
    let names = std::mem::take(&mut sample.user(1).names);
    let names = std::mem::replace(&mut sample.user(2).names, names);
    sample.user(1).names = names;
    assert_eq!(sample.wrong(LIVE).0, sorted([guid(1), guid(2)]));
}

#[test]
fn names_that_rotated_in_the_crm_only_or_the_wrong_way_round_are_a_disagreement() {
    for round in [[1, 2, 3], [3, 1, 2]] {
        let mut sample = Sample::new();
        for (row, other) in sample.rows.iter_mut().zip([2, 3, 1]) {
            row.user_name = self::row(other).user_name;
        }
        for (number, other) in (1..=3).zip(round) {
            sample.user(number).names = row(other).user_name.into_iter().collect();
        }
        assert_eq!(sample.wrong(LIVE).0, sorted([guid(1), guid(2), guid(3)]));
    }
}

#[test]
fn an_old_name_beside_the_new_one_is_a_disagreement() {
    let mut sample = Sample::new();
    sample.user(1).names.insert("old.name".to_owned());
    assert_eq!(sample.wrong(LIVE).0, [guid(1)]);
}

#[test]
fn a_leaver_who_may_still_sign_in_is_a_disagreement_whether_the_row_is_deleted_or_gone() {
    let mut deleted = Sample::new();
    deleted.rows[0].status = Some("deleted".to_owned());
    let mut gone = Sample::new();
    gone.rows.remove(0);
    for mut left in [deleted, gone] {
        left.report(1);
        let (guids, sentence) = left.wrong(LIVE);
        assert_eq!(guids, [guid(1)]);
        let name = row(1).user_name.unwrap();
        assert_eq!(sentence, format!("{} signs in as {name}, but should not", guid(1)));
    }
}

#[test]
fn a_leaver_without_access_is_no_disagreement_once_the_sessions_have_ended() {
    let leaves = |sessions| {
        let mut sample = Sample::new();
        sample.rows.remove(0);
        sample.user(1).may_sign_in = false;
        sample.user(1).sessions = sessions;
        sample.wrong(LIVE)
    };
    assert_eq!(leaves(0).0, [""; 0]);
    assert!(leaves(2).1.contains("may not sign in, but has 2 sessions"));
}

#[test]
fn somebody_without_user_or_access_is_a_disagreement() {
    let mut sample = Sample::new();
    sample.users.remove("1");
    sample.user(2).may_sign_in = false;
    sample.user(2).sessions = 0;
    assert_eq!(sample.wrong(LIVE).0, sorted([guid(1), guid(2)]));
}

#[test]
fn a_user_of_nobody_who_may_sign_in_is_a_disagreement() {
    let mut sample = Sample::new();
    sample.accounts.remove(&guid(1));
    sample.rows.remove(0);
    assert_eq!(sample.wrong(LIVE).0, ["1"]);
}

#[test]
fn nobody_may_sign_in_or_has_a_session_at_an_inactive_biller() {
    assert_eq!(Sample::new().wrong(Ending::Inactive(3)).0.len(), 3);
}

#[test]
fn whoever_has_a_data_error_keeps_the_name_but_no_access_against_the_row() {
    let reported = |status: &str| {
        let mut sample = Sample::new();
        sample.rows[0].user_name = Some("front desk".to_owned());
        sample.rows[0].status = Some(status.to_owned());
        sample.report(1);
        sample.wrong(LIVE).0
    };
    assert_eq!(reported("active"), [""; 0]);
    assert_eq!(reported("inactive"), [guid(1)]);
}
