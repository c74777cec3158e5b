//! Answers that are errors, damaged, late, or cut.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use biller_onboarding::domain::user::UserRow;
use biller_onboarding::store::StoreError;
use biller_onboarding::store::sql_server::{SqlServerOptions, SqlServerStore};
use uuid::Uuid;

use super::script::{Answer, Column, Rows, Type, utf16};
use super::server::{Behaviour, TdsServer};
use super::{failure, options, page, store};

const TEXTS: [&str; 5] = ["UserName", "FirstName", "LastName", "Email", "Status"];

/// Users whose texts are all this one, as the adapter asks for them: with an `x` behind.
fn users(of: Type, text: &[u8], number: u128) -> Rows {
    let column = |name, of| Column { name, of };
    let texts = TEXTS.map(|name| column(name, of));
    let row = |guid: u128| {
        let guid = Uuid::from_u128(guid).to_bytes_le().to_vec();
        std::iter::once(guid).chain(TEXTS.map(|_| text.to_vec())).collect()
    };
    Rows {
        columns: std::iter::once(column("UserGuid", Type::Guid)).chain(texts).collect(),
        rows: (1..=number).map(row).collect(),
    }
}

/// A server that gives the first page of users this answer, and every later one an answer without rows.
async fn server(first: Answer) -> TdsServer {
    let pages = AtomicUsize::new(0);
    let answer = move |statement: &str| {
        if statement.contains("ciam.BillerUser") && pages.fetch_add(1, Ordering::Relaxed) == 0 {
            first.clone()
        } else {
            Answer::Done
        }
    };
    let behaviour = Behaviour {
        statements: Box::new(answer),
        ..Behaviour::default()
    };
    TdsServer::start(behaviour).await
}

async fn one_page(first: Answer) -> Result<Vec<UserRow>, StoreError> {
    let server = server(first).await;
    page(&store(&server, "")).await
}

#[tokio::test]
async fn numbers_tell_what_may_be_tried_again_and_messages_are_not_shown() {
    for (number, is_transient, words) in [
        (40613, true, "SQL Server error 40613"),
        (1222, true, "another session did not release its lock in time"),
        (208, false, "a table, view, column or procedure is missing"),
        (229, false, "permission denied"),
        (2628, false, "a value is too long"),
    ] {
        let result = one_page(Answer::Error(number)).await;
        assert_eq!(result.as_ref().unwrap_err().is_transient(), is_transient, "{number}");
        let text = failure(result);
        assert!(text.contains(words) && !text.contains("marked-value"), "{text}");
    }
}

#[tokio::test]
async fn a_deadlock_is_repeated_within_the_call() {
    assert_eq!(one_page(Answer::Error(1205)).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_connection_that_is_cut_within_the_rows_gives_none_of_them_and_is_replaced() {
    let server = server(Answer::Cut(users(Type::NVarchar, &utf16("Annx"), 500))).await;
    let store = store(&server, "");
    assert!(page(&store).await.unwrap_err().is_transient());
    assert_eq!(page(&store).await.unwrap().len(), 0);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_after_the_command_timeout() {
    let server = server(Answer::Silence).await;
    let store = SqlServerStore::connect(&SqlServerOptions {
        command_timeout: Duration::from_millis(50),
        ..options(&server, "")
    });
    let store = store.unwrap();
    assert!(page(&store).await.unwrap_err().is_transient());
    assert_eq!(page(&store).await.unwrap().len(), 0);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn rows_arrive_whole_over_many_packets() {
    let rows = one_page(Answer::Rows(users(Type::NVarchar, &utf16("Jörg 😀x"), 500)))
        .await
        .unwrap();
    assert_eq!(rows.len(), 500);
    assert!(rows.iter().all(|row| row.user_name.as_deref() == Some("Jörg 😀")));
    assert_eq!(rows[499].user_guid, Some(Uuid::from_u128(500)));
}

#[tokio::test]
async fn half_a_character_of_utf_16_damages_its_row_only() {
    let half = [utf16("J"), vec![0x3D, 0xD8], utf16("x")].concat();
    let rows = one_page(Answer::Rows(users(Type::NVarchar, &half, 1))).await.unwrap();
    assert_eq!(rows[0].first_name.as_deref(), Some("J\u{fffd}"));
}

#[tokio::test]
async fn bytes_that_are_none_of_their_code_page_fail_the_answer_and_are_not_shown() {
    let whole = [0x83, 0x4A, b'x'];
    let rows = one_page(Answer::Rows(users(Type::VarcharJapanese, &whole, 1)))
        .await
        .unwrap();
    assert_eq!(rows[0].first_name.as_deref(), Some("カ"));
    let half = one_page(Answer::Rows(users(Type::VarcharJapanese, &[b'J', 0x83], 1))).await;
    assert!(!half.as_ref().unwrap_err().is_transient());
    assert!(failure(half).ends_with("invalid sequence"));
}
