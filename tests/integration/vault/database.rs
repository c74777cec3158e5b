//! The connection string of SQL Server comes from the vault too, and is read with the other secrets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_stack::{FrontDoor, Stack};

use super::server::Answer;
use super::{Cloud, SECRETS, failed_check};
use crate::operating::host_with;
use crate::support::{DEADLINE, Outcome, options};
use crate::tds::script::{self, Column, Rows, Type, utf16};
use crate::tds::server::{Behaviour, TdsServer};

const CONNECTION_STRING: &str = "sqlserver-connection-string";
const SCRIPT: &str = include_str!("../../../infra/sql/sql_server/0001_onboarding.sql");

/// A database with this program's schema and nothing in it, that lets in who has the password.
async fn database(password: Arc<Mutex<&'static str>>) -> TdsServer {
    TdsServer::start(Behaviour {
        judge: Box::new(move |log_in| {
            let fits = log_in.password == *password.lock().unwrap();
            if fits { Ok(()) } else { Err(18456) }
        }),
        statements: Box::new(|statement| {
            if statement.contains("HasTable") {
                script::Answer::Rows(row(&[
                    ("HasTable", Type::Bit, vec![1]),
                    ("HasColumns", Type::Bit, vec![1]),
                ]))
            } else if statement.contains("v.ScriptHash, v.MinimumProgram") {
                let one = 1_i64.to_le_bytes().to_vec();
                script::Answer::Rows(row(&[
                    ("Version", Type::BigInt, one.clone()),
                    ("ScriptHash", Type::NVarchar, utf16(own_hash())),
                    ("MinimumProgram", Type::BigInt, one),
                ]))
            } else {
                script::Answer::Done
            }
        }),
        ..Behaviour::default()
    })
    .await
}

fn row(cells: &[(&'static str, Type, Vec<u8>)]) -> Rows {
    let columns = cells.iter().map(|(name, of, _)| Column { name, of: *of });
    Rows {
        columns: columns.collect(),
        rows: vec![cells.iter().map(|(_, _, cell)| cell.clone()).collect()],
    }
}

/// The hash that the script declares of itself.
fn own_hash() -> &'static str {
    let declared = SCRIPT.lines().find(|line| line.starts_with("DECLARE @scriptHash "));
    declared.unwrap().split('\'').nth(1).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_password_is_found_without_a_restart_and_no_secret_is_read_more_often_than_the_others() -> Outcome {
    let password = Arc::new(Mutex::new("old"));
    let database = database(Arc::clone(&password)).await;
    let string = |password| {
        let port = database.address.port();
        Answer::value(&format!(
            "Server=127.0.0.1,{port};Database=crm;User ID=app;Password={password};Encrypt=DANGER_PLAINTEXT"
        ))
    };
    let cloud = Cloud::start().await;
    cloud.vault.set(CONNECTION_STRING, string("old"));
    // Its simulator gives the tokens.
    let stack = Stack::start(options()).await?;
    let secureauth = stack.simulator().base_url();
    let settings = cloud.settings();
    let mut all: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend([
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("DATABASE", "sqlserver"),
        ("DATABASE_CONNECTION_MAX_AGE", "10ms"),
        ("KEY_VAULT_REFRESH", "100ms"),
        ("SECOND_FACTOR_MECHANISMS", "none"),
        ("SECUREAUTH_BASE_URL", &secureauth),
    ]);
    let host = host_with(&all).await?;
    let door = FrontDoor::new(host.base_url())?;
    assert_eq!(failed_check(&door).await, None, "{:#?}", host.console_lines());
    assert!(database.log_ins().iter().all(|log_in| log_in.password == "old"));

    *password.lock().unwrap() = "new";
    cloud.vault.set(CONNECTION_STRING, string("new"));
    let with_new = async {
        while failed_check(&door).await.is_some()
            || database.log_ins().last().is_none_or(|log_in| log_in.password == "old")
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, with_new).await?;
    assert_eq!(host.restarts(), 0);

    let reads = cloud.vault.reads();
    let names: Vec<&str> = SECRETS
        .iter()
        .map(|(name, _)| *name)
        .chain([CONNECTION_STRING])
        .collect();
    assert!(reads.len() > names.len(), "{reads:?}");
    for round in reads.chunks(names.len()) {
        assert_eq!(round, &names[..round.len()]);
    }
    Ok(())
}
