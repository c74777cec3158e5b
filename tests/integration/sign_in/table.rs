//! The sign-in table: settings and person, how the person gets in or why not, and what the handler says about it.

use std::fmt::Write;

use local_stack::{Stack, UserRow};

use super::{BILLER, come};
use crate::support::{Outcome, enable, options, status};

const CODES_ONLY: [(&str, &str); 2] = [
    ("AUTHENTICATION_MECHANISMS", "email_otp"),
    ("PREFERRED_AUTHENTICATION_MECHANISM", "email_otp"),
];
const SECOND: (&str, &str) = ("SECOND_FACTOR_MECHANISMS", "totp, email_otp");
const VERIFIED: (&str, &str) = ("ADDRESS_VERIFIED", "true");
const NOBODY: (&str, &str) = ("FIRST_SIGN_IN", "none");
const NO_SKIP: (&str, &str) = ("ALLOW_SKIP_2FA", "false");

/// Settings that differ from the defaults.
const SETTINGS: [(&str, &[(&str, &str)]); 12] = [
    ("defaults", &[]),
    ("verified addresses", &[VERIFIED]),
    ("new users", &[("ACTIVE_USER_STATUS", "new")]),
    ("codes, verified addresses", &[CODES_ONLY[0], CODES_ONLY[1], VERIFIED]),
    (
        "codes, new users",
        &[CODES_ONLY[0], CODES_ONLY[1], ("ACTIVE_USER_STATUS", "new")],
    ),
    ("codes", &[CODES_ONLY[0], CODES_ONLY[1], NOBODY]),
    ("second factor", &[SECOND]),
    ("second factor, verified addresses", &[SECOND, VERIFIED]),
    (
        "second factor, verified addresses, not for 2FA",
        &[SECOND, VERIFIED, ("ADDRESS_ALLOWED_FOR_2FA", "false")],
    ),
    (
        "second factor, no skip, verified addresses",
        &[SECOND, NO_SKIP, VERIFIED],
    ),
    ("second factor, no skip", &[SECOND, NO_SKIP, NOBODY]),
    (
        "codes first and second, no skip, new users",
        &[
            CODES_ONLY[0],
            CODES_ONLY[1],
            SECOND,
            NO_SKIP,
            NOBODY,
            ("ACTIVE_USER_STATUS", "new"),
        ],
    ),
];

/// CRM status of each person.
const PEOPLE: [(u32, &str); 4] = [(1, "active"), (2, "inactive"), (3, "new"), (4, "deleted")];

const EXPECTED: &str = include_str!("expected.txt");

fn row(number: u32, status: &str) -> UserRow {
    UserRow {
        status: Some(status.to_owned()),
        ..UserRow::sample(BILLER, number)
    }
}

/// Enables a biller with these settings. The lines of its people.
async fn lines(label: &str, settings: &[(&str, &str)]) -> Result<String, Box<dyn std::error::Error>> {
    let options = settings
        .iter()
        .fold(options(), |options, (name, value)| options.set(name, *value));
    let stack = Stack::start(options).await?;
    stack.crm().add_biller(BILLER, "Smith & Sons, Inc.")?;
    let people = PEOPLE.map(|(number, status)| row(number, status));
    stack.crm().add_users(BILLER, &people)?;
    assert_eq!(enable(&stack, BILLER).await?.state, "succeeded", "{label}");
    let said = status(&stack, BILLER).await?;
    let mut lines = format!("{label}: {}\n", said.text_at("/firstSignIn/path"));
    for person in &people {
        let crm = person.status.as_deref().unwrap_or_default();
        writeln!(lines, "  {crm:<9} {}", come(&stack, person))?;
    }
    Ok(lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_status_decide_who_signs_in_and_the_handler_says_how() -> Outcome {
    let mut table = String::new();
    for (label, settings) in SETTINGS {
        table += &lines(label, settings).await?;
    }
    println!("{table}");
    assert_eq!(table, EXPECTED);
    Ok(())
}
