//! Tests of the SQL Server store that need no server: servers that do not answer, and unusable connection strings.

use std::time::Duration;

use biller_onboarding::settings::ConnectionString;
use biller_onboarding::store::sql_server::{SqlServerOptions, SqlServerStore};
use biller_onboarding::store::{Store, StoreError};
use tokio::net::TcpListener;

use super::fixtures::{LONG, RESEND, run_id, worker, yes};

/// Longer than every time limit of these tests.
const PATIENCE: Duration = Duration::from_mins(1);

fn store(port: u16, connect_timeout: Duration) -> SqlServerStore {
    let server = format!("server=tcp:127.0.0.1,{port};user id=ciam;password=s3cret-marked;database=crm");
    let options = SqlServerOptions {
        connect_timeout,
        ..SqlServerOptions::new(ConnectionString::parse(&server, true).unwrap().config())
    };
    assert!(!format!("{options:?}").contains("s3cret-marked"));
    SqlServerStore::connect(&options).unwrap()
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn shown(error: &StoreError) -> String {
    let mut text = format!("{error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_for_every_kind_of_call() {
    let (listener, port) = listener().await;
    drop(listener);
    let store = store(port, PATIENCE);
    let slot = store.take_slot(worker(1), 1, LONG).await.map(drop);
    let renewed = store.renew_slot(worker(1), 1, LONG).await.map(drop);
    for result in [
        store.schema_version().await.map(drop),
        store.accept(&yes(1), RESEND).await.map(drop),
        store.run(run_id(1)).await.map(drop),
        slot,
        renewed,
    ] {
        let error = result.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        assert!(!shown(&error).contains("s3cret-marked"));
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_unavailable_after_the_connect_timeout() {
    let (_listener, port) = listener().await;
    let store = store(port, Duration::from_millis(50));
    let answer = tokio::time::timeout(PATIENCE, store.run(run_id(1))).await;
    assert!(answer.expect("gives up").unwrap_err().is_transient());
}

#[tokio::test]
async fn a_server_that_hangs_up_is_unavailable() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        loop {
            drop(listener.accept().await.unwrap());
        }
    });
    let error = store(port, PATIENCE).run(run_id(1)).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    server.abort();
}
