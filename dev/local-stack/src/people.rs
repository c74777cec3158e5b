//! Sample users with made-up names, the same ones every time.

use uuid::Uuid;

use crate::crm::UserRow;

/// Given name, and how it is written in a user name.
const FIRST_NAMES: [(&str, &str); 24] = [
    ("Amara", "amara"),
    ("Ben", "ben"),
    ("Carmen", "carmen"),
    ("Dale", "dale"),
    ("Eileen", "eileen"),
    ("Farid", "farid"),
    ("Grace", "grace"),
    ("Hugo", "hugo"),
    ("Inés", "ines"),
    ("Jamal", "jamal"),
    ("Kim", "kim"),
    ("Loretta", "loretta"),
    ("Mateo", "mateo"),
    ("Nadia", "nadia"),
    ("Olivia", "olivia"),
    ("Priya", "priya"),
    ("Quentin", "quentin"),
    ("Rosa", "rosa"),
    ("Siobhán", "siobhan"),
    ("Tariq", "tariq"),
    ("Uma", "uma"),
    ("Victor", "victor"),
    ("Wanda", "wanda"),
    ("Zoë", "zoe"),
];

/// Family name, and how it is written in a user name.
const LAST_NAMES: [(&str, &str); 23] = [
    ("Abbott", "abbott"),
    ("Baker", "baker"),
    ("Castillo", "castillo"),
    ("Delgado", "delgado"),
    ("Edwards", "edwards"),
    ("Fischer", "fischer"),
    ("Gupta", "gupta"),
    ("Hernández", "hernandez"),
    ("Ivanov", "ivanov"),
    ("Jackson", "jackson"),
    ("Kowalski", "kowalski"),
    ("Lindqvist", "lindqvist"),
    ("Miller", "miller"),
    ("Nguyen", "nguyen"),
    ("O'Connor", "oconnor"),
    ("Park", "park"),
    ("Quinn", "quinn"),
    ("Rossi", "rossi"),
    ("Silva", "silva"),
    ("Thompson", "thompson"),
    ("Usman", "usman"),
    ("Walker", "walker"),
    ("Young", "young"),
];

/// Namespace of the sample users' GUIDs.
const NAMESPACE: Uuid = Uuid::from_u128(0x5f0a_84b1_77e6_5b83_8c3a_9f2e_4d10_6c21);

/// Every 20th user is inactive; of the others, every 15th is new.
const INACTIVE_EVERY: u32 = 20;
const NEW_EVERY: u32 = 15;

impl UserRow {
    /// The `number`-th sample user of a biller: a valid row, the same every time. Most are active, some inactive or new.
    pub fn sample(biller_id: &str, number: u32) -> Self {
        // 24 and 23 have no common divisor: first and last name repeat together only after 552 users.
        let (first, first_ascii) = pick(&FIRST_NAMES, number);
        let (last, last_ascii) = pick(&LAST_NAMES, number);
        let user_name = format!("{first_ascii}.{last_ascii}{number}");
        let status = if number.is_multiple_of(INACTIVE_EVERY) {
            "inactive"
        } else if number.is_multiple_of(NEW_EVERY) {
            "new"
        } else {
            "active"
        };
        Self {
            user_guid: Some(Uuid::new_v5(&NAMESPACE, format!("{biller_id}/{number}").as_bytes()).to_string()),
            email: Some(format!("{user_name}@example.com")),
            user_name: Some(user_name),
            first_name: Some(first.to_owned()),
            last_name: Some(last.to_owned()),
            status: Some(status.to_owned()),
        }
    }

    /// The first `count` sample users of a biller.
    pub fn samples(biller_id: &str, count: u32) -> Vec<Self> {
        (1..=count).map(|number| Self::sample(biller_id, number)).collect()
    }
}

fn pick<'a>(names: &[(&'a str, &'a str)], number: u32) -> (&'a str, &'a str) {
    let index = usize::try_from(number).unwrap_or_default() % names.len();
    names.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn sample_users_are_the_same_every_time_and_all_different() {
        let users = UserRow::samples("1876", 5_000);
        assert_eq!(users, UserRow::samples("1876", 5_000));
        let names: HashSet<_> = users.iter().filter_map(|user| user.user_name.clone()).collect();
        let guids: HashSet<_> = users.iter().filter_map(|user| user.user_guid.clone()).collect();
        assert_eq!((names.len(), guids.len()), (5_000, 5_000));
    }

    #[test]
    fn user_names_and_addresses_are_ascii_without_blanks() {
        for user in UserRow::samples("1876", 600) {
            let (name, email) = (user.user_name.unwrap(), user.email.unwrap());
            assert!(
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'),
                "{name}"
            );
            assert_eq!(email, format!("{name}@example.com"));
        }
    }

    #[test]
    fn two_billers_share_no_guid() {
        assert_ne!(UserRow::sample("1", 1).user_guid, UserRow::sample("2", 1).user_guid);
    }
}
