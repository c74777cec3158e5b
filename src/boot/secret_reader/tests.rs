use futures_util::future::join_all;
use secrecy::ExposeSecret;

use super::fake::{Answer, Fake, HOUR, OLD, ended};
use super::*;

const NEW: &str = "new";

/// The client secrets that so many callers get who ask at the same time.
async fn newest(reader: &SecretReader, callers: usize) -> Vec<Option<String>> {
    let all = join_all((0..callers).map(|_| reader.newest())).await;
    all.into_iter().map(|held| held.as_deref().map(secret_of)).collect()
}

fn secret_of(held: &Held) -> String {
    let all = held.all().unwrap();
    all.client_secret.expose_secret().to_owned()
}

/// The client secret that a caller gets who does not wait, and the one after the read that this has begun.
async fn held(reader: &SecretReader) -> (String, String) {
    let first = secret_of(&reader.held().unwrap());
    ended(reader).await;
    (first, secret_of(&reader.held().unwrap()))
}

fn same(secret: &str) -> (String, String) {
    (secret.to_owned(), secret.to_owned())
}

#[tokio::test]
async fn twenty_callers_at_the_same_time_are_one_read_and_there_is_none_for_a_minute() {
    let fake = Fake::new();
    let reader = fake.reader();
    assert_eq!(newest(&reader, 20).await, vec![Some("old".to_owned()); 20]);
    assert_eq!(fake.reads(), 1);
    fake.has(NEW, OLD);
    fake.pass(LEAST.saturating_sub(Duration::from_secs(1)));
    assert_eq!(newest(&reader, 20).await, vec![Some("old".to_owned()); 20]);
    assert_eq!(fake.reads(), 1);
    fake.pass(Duration::from_secs(1));
    assert_eq!(newest(&reader, 20).await, vec![Some(NEW.to_owned()); 20]);
    assert_eq!(fake.reads(), 2);
}

#[tokio::test]
async fn secrets_are_read_again_on_schedule_and_nobody_waits_for_that() {
    let fake = Fake::new();
    let reader = fake.reader();
    assert!(reader.held().is_none());
    assert_eq!(fake.reads(), 0, "nobody has needed them yet");
    newest(&reader, 1).await.remove(0).unwrap();
    fake.has(NEW, OLD);
    fake.pass(HOUR / 2);
    assert_eq!(held(&reader).await, same("old"));
    fake.pass(HOUR / 2);
    assert_eq!(held(&reader).await, ("old".to_owned(), NEW.to_owned()));
    assert_eq!(fake.reads(), 2);
}

#[tokio::test]
async fn a_vault_that_is_away_later_changes_nothing_and_is_left_alone_for_a_minute_or_as_long_as_it_asks() {
    let fake = Fake::new();
    let reader = fake.reader();
    newest(&reader, 1).await.remove(0).unwrap();
    fake.answers(Answer::TimedOut);
    fake.pass(HOUR);
    assert_eq!(held(&reader).await, same("old"));
    assert_eq!(newest(&reader, 20).await, vec![Some("old".to_owned()); 20]);
    assert_eq!(fake.reads(), 2);
    fake.answers(Answer::Busy(LEAST * 5));
    fake.pass(LEAST);
    assert_eq!(held(&reader).await, same("old"));
    fake.has(NEW, OLD);
    fake.pass(LEAST * 4);
    assert_eq!(held(&reader).await, same("old"));
    assert_eq!(fake.reads(), 3);
    fake.pass(LEAST);
    assert_eq!(held(&reader).await, ("old".to_owned(), NEW.to_owned()));
}

#[tokio::test]
async fn a_vault_that_is_down_at_start_is_asked_by_the_next_caller_unless_it_asked_for_a_wait() {
    let fake = Fake::new();
    let reader = fake.reader();
    fake.answers(Answer::TimedOut);
    assert_eq!(newest(&reader, 20).await, vec![None; 20]);
    assert_eq!(fake.reads(), 1);
    fake.answers(Answer::Busy(LEAST));
    assert_eq!(newest(&reader, 1).await, [None]);
    fake.has("old", OLD);
    assert_eq!(newest(&reader, 1).await, [None]);
    assert_eq!(fake.reads(), 2);
    fake.pass(LEAST);
    assert_eq!(newest(&reader, 1).await, [Some("old".to_owned())]);
}

#[tokio::test]
async fn a_wait_counts_from_the_vaults_answer_and_not_from_the_question() {
    let fake = Fake::new();
    let reader = fake.reader();
    fake.answers(Answer::Busy(LEAST));
    fake.answers_after(LEAST / 2);
    assert_eq!(newest(&reader, 1).await, [None]);
    fake.has("old", OLD);
    fake.pass(LEAST.saturating_sub(Duration::from_secs(1)));
    assert_eq!(newest(&reader, 1).await, [None]);
    assert_eq!(fake.reads(), 1);
    fake.pass(Duration::from_secs(1));
    assert_eq!(newest(&reader, 1).await, [Some("old".to_owned())]);
}

#[tokio::test]
async fn a_clock_that_goes_back_prolongs_neither_the_rest_nor_the_schedule() {
    let fake = Fake::new();
    let reader = fake.reader();
    newest(&reader, 1).await.remove(0).unwrap();
    fake.has(NEW, OLD);
    fake.set_clock_back(HOUR);
    assert_eq!(newest(&reader, 1).await, [Some(NEW.to_owned())]);
    fake.has("newer", OLD);
    fake.set_clock_back(HOUR);
    assert_eq!(held(&reader).await, (NEW.to_owned(), "newer".to_owned()));
    assert_eq!(held(&reader).await, same("newer"));
    assert_eq!(fake.reads(), 3);
}

#[tokio::test]
async fn refused_secrets_are_not_given_again_while_the_vault_cannot_be_read() {
    let fake = Fake::new();
    let reader = fake.reader();
    let refused = reader.newest().await.unwrap();
    let instead = async || {
        let held = reader.newest_instead_of(&refused).await;
        held.as_deref().map(secret_of)
    };
    let unchanged = Some("old".to_owned());
    assert_eq!(instead().await, unchanged, "the vault was read less than a minute ago");
    fake.answers(Answer::TimedOut);
    fake.pass(LEAST);
    assert_eq!(instead().await, None);
    assert_eq!(instead().await, None, "the vault rests");
    assert_eq!(
        newest(&reader, 1).await,
        std::slice::from_ref(&unchanged),
        "nobody refused it to others"
    );
    assert_eq!(fake.reads(), 2);
    fake.has("old", OLD);
    fake.pass(LEAST);
    assert_eq!(instead().await, unchanged);
    fake.has(NEW, OLD);
    fake.pass(LEAST);
    assert_eq!(instead().await, Some(NEW.to_owned()));
    fake.answers(Answer::TimedOut);
    fake.pass(LEAST);
    assert_eq!(instead().await, Some(NEW.to_owned()), "it was not refused");
}

#[tokio::test]
async fn a_read_goes_on_when_its_caller_is_gone() {
    let fake = Fake::new();
    let reader = fake.reader();
    tokio::select! {
        biased;
        _ = reader.newest() => panic!("the vault has not answered yet"),
        () = std::future::ready(()) => {}
    }
    ended(&reader).await;
    assert_eq!(secret_of(&reader.held().unwrap()), "old");
    assert_eq!(fake.reads(), 1);
}

#[tokio::test]
async fn secrets_of_the_environment_are_read_once() {
    let fake = Fake::new();
    let reader = fake.reader_every(None);
    for _ in 0..2 {
        assert_eq!(newest(&reader, 1).await, [Some("old".to_owned())]);
        assert_eq!(held(&reader).await, same("old"));
        fake.pass(HOUR * 24);
    }
    assert_eq!(fake.reads(), 1);
}
