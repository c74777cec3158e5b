use super::*;

fn row() -> UserRow {
    UserRow {
        user_guid: Some(Uuid::from_u128(7)),
        user_name: Some("rsable".into()),
        first_name: Some("demo".into()),
        last_name: None,
        email: Some("rsable@invoicecloud.com".into()),
        status: Some("active".into()),
    }
}

fn codes(row: UserRow) -> Vec<(Field, Code)> {
    row.check()
        .expect_err("has data errors")
        .into_iter()
        .map(|issue| (issue.field, issue.code))
        .collect()
}

#[test]
fn a_complete_row_becomes_a_user_and_absent_names_stay_absent() {
    let Ok(Checked::User(user)) = row().check() else {
        panic!("is valid")
    };
    assert_eq!(user.first_name.as_deref(), Some("demo"));
    assert_eq!(user.last_name, None);
    assert_eq!(user.status, Status::Active);
}

#[test]
fn every_data_error_of_a_row_is_found_at_once() {
    let bad = UserRow {
        user_guid: None,
        user_name: Some("two words".into()),
        email: Some("not-an-address".into()),
        status: Some("retired".into()),
        ..row()
    };
    assert_eq!(
        codes(bad),
        [
            (Field::UserGuid, Code::Missing),
            (Field::Status, Code::UnknownValue),
            (Field::UserName, Code::Invalid),
            (Field::Email, Code::Invalid),
        ]
    );
}

fn with(field: Field, text: &str) -> UserRow {
    let text = Some(text.to_owned());
    match field {
        Field::UserName => UserRow {
            user_name: text,
            ..row()
        },
        Field::Email => UserRow { email: text, ..row() },
        Field::FirstName => UserRow {
            first_name: text,
            ..row()
        },
        Field::LastName => UserRow {
            last_name: text,
            ..row()
        },
        _ => UserRow { status: text, ..row() },
    }
}

#[test]
fn each_field_has_its_own_rules() {
    let long = "x".repeat(257);
    for (field, text, code) in [
        (Field::UserName, "jörg", Code::Invalid),
        (Field::UserName, "a b", Code::Invalid),
        (Field::UserName, "a\tb", Code::HiddenCharacter),
        (Field::UserName, "a\u{200b}b", Code::HiddenCharacter),
        (Field::UserName, "a\u{fffd}", Code::Unreadable),
        (Field::UserName, "  ", Code::Missing),
        (Field::UserName, &long, Code::TooLong),
        (Field::Email, "jörg@example.com", Code::Invalid),
        (Field::Email, "a b@example.com", Code::Invalid),
        (Field::Email, "a@bü_cher.example", Code::Invalid),
        (Field::Email, "a@example.com\0", Code::HiddenCharacter),
        (Field::Email, "\u{fffd}@example.com", Code::Unreadable),
        (Field::FirstName, "An\u{202e}n", Code::HiddenCharacter),
        (Field::FirstName, "J\u{fffd}rg", Code::Unreadable),
        (Field::LastName, "Lee\nRoy", Code::HiddenCharacter),
        (Field::LastName, &long, Code::TooLong),
        (Field::Status, "retired", Code::UnknownValue),
        (Field::Status, "active\u{fffd}", Code::Unreadable),
        (Field::Status, " ", Code::Missing),
    ] {
        assert_eq!(codes(with(field, text)), [(field, code)], "{field} {text:?}");
    }
}

#[test]
fn padding_counts_nowhere_and_the_status_may_have_any_case() {
    let padded = UserRow {
        user_name: Some(" rsable   ".into()),
        first_name: Some("demo\u{a0}".into()),
        last_name: Some("    ".into()),
        email: Some("rsable@invoicecloud.com  ".into()),
        status: Some("ACTIVE    ".into()),
        ..row()
    };
    assert_eq!(padded.check(), row().check());
    for barred in ["Inactive", "DELETED ", " deleted"] {
        assert!(with(Field::Status, barred).is_barred(), "{barred:?}");
    }
    let long = format!("{}{}", "x".repeat(256), " ".repeat(50));
    assert!(with(Field::LastName, &long).check().is_ok());
}

#[test]
fn the_domain_of_an_address_is_converted_to_ascii() {
    let Ok(Checked::User(user)) = with(Field::Email, "rsable@bücher.example").check() else {
        panic!("is valid")
    };
    assert_eq!(user.email, "rsable@xn--bcher-kva.example");
}

#[test]
fn a_deleted_row_is_left_out_whatever_else_is_wrong_with_it() {
    let deleted = UserRow {
        status: Some("Deleted ".into()),
        user_name: Some("rsable ".into()),
        email: None,
        ..row()
    };
    assert_eq!(deleted.clone().check(), Ok(Checked::Deleted));
    let expected = BarredUser {
        user_guid: Uuid::from_u128(7),
        user_name: "rsable".into(),
    };
    assert_eq!(deleted.barred_user(expected.user_guid), expected);
}

#[test]
fn debug_output_shows_no_personal_data() {
    let Ok(checked) = row().check() else { panic!("is valid") };
    let shown = format!("{:?} {checked:?}", row());
    assert!(!shown.contains("rsable") && !shown.contains("demo"), "{shown}");
}
