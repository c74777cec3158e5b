//! A pooled connection. An error or a dropped future closes it: then the server rolls its transaction back, and nobody else
//! gets a connection with an answer that was not read (docs/reference/sql-server.md#cancellation).

use std::ops::{Deref, DerefMut};

use deadpool::managed::Object;
use tiberius::{Row, ToSql};

use super::dial::Client;
use super::error::Fault;
use super::pool::Manager;

/// A connection taken from the pool.
#[derive(Debug)]
pub(super) struct Session(Option<Object<Manager>>);

impl Session {
    pub(super) fn new(connection: Object<Manager>) -> Self {
        Self(Some(connection))
    }

    /// All rows of all results of a statement batch. Columns of `OUTPUT` need a name in brackets, because some engines fold
    /// other names to lower case.
    pub(super) async fn rows(&mut self, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<Row>, Fault> {
        let results = self.client()?.query(sql, values).await?.into_results().await?;
        Ok(results.into_iter().flatten().collect())
    }

    /// The first row of all results.
    pub(super) async fn row(&mut self, sql: &str, values: &[&dyn ToSql]) -> Result<Option<Row>, Fault> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Runs a statement batch and ignores its rows.
    pub(super) async fn execute(&mut self, sql: &str, values: &[&dyn ToSql]) -> Result<(), Fault> {
        self.rows(sql, values).await.map(drop)
    }

    /// How many rows the last statement of a batch changed; the batch has to end with it.
    pub(super) async fn changed(&mut self, sql: &str, values: &[&dyn ToSql]) -> Result<i32, Fault> {
        let sql = format!("{sql};\nSELECT @@ROWCOUNT AS Changed;");
        let row = self.row(&sql, values).await?;
        Ok(match row {
            Some(row) => row.try_get("Changed")?.unwrap_or_default(),
            None => 0,
        })
    }

    /// The driver's client.
    pub(super) fn client(&mut self) -> Result<&mut Client, Fault> {
        match &mut self.0 {
            Some(connection) => Ok(connection),
            None => Err(tiberius::error::Error::Protocol("the connection is closed".into()).into()),
        }
    }

    /// Returns the connection to the pool. Only for a connection whose answers were all read.
    pub(super) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

/// A transaction. Unless it is committed, its connection is closed, and the server rolls it back.
#[derive(Debug)]
pub(super) struct Transaction(Session);

impl Transaction {
    pub(super) async fn begin(mut session: Session) -> Result<Self, Fault> {
        session.client()?.begin_transaction().await?;
        Ok(Self(session))
    }

    pub(super) async fn commit(mut self) -> Result<(), Fault> {
        self.0.client()?.commit_transaction().await?;
        self.0.give_back();
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.0
    }
}
