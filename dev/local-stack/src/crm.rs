//! The sample CRM: reads and changes its tables (`infra/sql/sqlite/sample_crm.sql`).

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, named_params};
use time::OffsetDateTime;

use crate::database::timestamp;

/// How long a statement waits for the handler's write transactions.
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);

/// The CRM's tables. The methods block for milliseconds.
#[derive(Debug)]
pub struct Crm(Mutex<Connection>);

/// A row of the CRM's users. As in a real CRM, every member may be missing or wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserRow {
    /// The user's GUID; a text that is none reads as missing.
    pub user_guid: Option<String>,
    /// Sign-in name.
    pub user_name: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// `active|inactive|new|deleted`.
    pub status: Option<String>,
}

/// `Product > CIAM` of a biller, as the CRM shows it (docs/requirements.md#d1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductCiam {
    /// `Active` or `Inactive`.
    pub status: String,
    /// When the biller last became active.
    pub activation_date: Option<OffsetDateTime>,
    /// Whether the toggle is on.
    pub toggle_on: bool,
    /// The run that recorded this.
    pub onboarding_id: String,
}

impl Crm {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Whether there is a biller of this id.
    pub fn has_biller(&self, id: &str) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM crm_biller WHERE biller_id = ?1)";
        self.connection().query_row(sql, [id], |row| row.get(0))
    }

    /// Adds a biller. Without a name it cannot be onboarded.
    pub fn add_biller<'a>(&self, id: &str, name: impl Into<Option<&'a str>>) -> rusqlite::Result<()> {
        let sql = "INSERT INTO crm_biller (biller_id, biller_name) VALUES (?1, ?2)";
        self.connection().execute(sql, (id, name.into()))?;
        Ok(())
    }

    /// Adds users of a biller, in one transaction.
    pub fn add_users(&self, biller_id: &str, users: &[UserRow]) -> rusqlite::Result<()> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let mut insert = transaction.prepare(
            "INSERT INTO crm_biller_user (biller_id, user_guid, user_name, first_name, last_name, email, status)
             VALUES (:biller_id, :user_guid, :user_name, :first_name, :last_name, :email, :status)",
        )?;
        for user in users {
            insert.execute(named_params! {
                ":biller_id": biller_id,
                ":user_guid": user.user_guid,
                ":user_name": user.user_name,
                ":first_name": user.first_name,
                ":last_name": user.last_name,
                ":email": user.email,
                ":status": user.status,
            })?;
        }
        drop(insert);
        transaction.commit()
    }

    /// Gives the user with the row's GUID the row's other values. Returns how many rows that changed.
    pub fn replace_user(&self, biller_id: &str, user: &UserRow) -> rusqlite::Result<usize> {
        self.connection().execute(
            "UPDATE crm_biller_user SET user_name = :user_name, first_name = :first_name, last_name = :last_name,
                email = :email, status = :status
             WHERE biller_id = :biller_id AND user_guid = :user_guid",
            named_params! {
                ":biller_id": biller_id,
                ":user_guid": user.user_guid,
                ":user_name": user.user_name,
                ":first_name": user.first_name,
                ":last_name": user.last_name,
                ":email": user.email,
                ":status": user.status,
            },
        )
    }

    /// Changes a user's status. Returns how many rows that changed.
    pub fn set_user_status(&self, biller_id: &str, user_guid: &str, status: &str) -> rusqlite::Result<usize> {
        let sql = "UPDATE crm_biller_user SET status = ?3 WHERE biller_id = ?1 AND user_guid = ?2";
        self.connection().execute(sql, (biller_id, user_guid, status))
    }

    /// Puts bytes that are no text into the first name of a user.
    pub fn damage_first_name(&self, user_guid: &str) -> rusqlite::Result<usize> {
        let sql = "UPDATE crm_biller_user SET first_name = CAST(x'4AC3' AS TEXT) WHERE user_guid = ?1";
        self.connection().execute(sql, [user_guid])
    }

    /// Gives a biller another name, whatever its bytes.
    pub fn rename_biller(&self, biller_id: &str, name: &[u8]) -> rusqlite::Result<usize> {
        let sql = "UPDATE crm_biller SET biller_name = CAST(?2 AS TEXT) WHERE biller_id = ?1";
        self.connection().execute(sql, (biller_id, name))
    }

    /// A biller's users, as the handler reads them.
    pub fn users(&self, biller_id: &str) -> rusqlite::Result<Vec<UserRow>> {
        let connection = self.connection();
        let sql = "SELECT user_guid, user_name, first_name, last_name, email, status FROM ciam_biller_user
                   WHERE biller_id = ?1";
        let mut select = connection.prepare_cached(sql)?;
        let users = select.query_map([biller_id], |row| {
            Ok(UserRow {
                user_guid: row.get(0)?,
                user_name: row.get(1)?,
                first_name: row.get(2)?,
                last_name: row.get(3)?,
                email: row.get(4)?,
                status: row.get(5)?,
            })
        })?;
        users.collect()
    }

    /// Removes a user's rows. Returns how many there were.
    pub fn remove_user(&self, biller_id: &str, user_guid: &str) -> rusqlite::Result<usize> {
        let sql = "DELETE FROM crm_biller_user WHERE biller_id = ?1 AND user_guid = ?2";
        self.connection().execute(sql, (biller_id, user_guid))
    }

    /// `Product > CIAM` of a biller; `None` as long as no run has recorded it.
    pub fn product_ciam(&self, biller_id: &str) -> rusqlite::Result<Option<ProductCiam>> {
        let sql =
            "SELECT ciam_status, activation_date, toggle_on, onboarding_id FROM crm_product_ciam WHERE biller_id = ?1";
        self.connection()
            .query_row(sql, [biller_id], |row| {
                Ok(ProductCiam {
                    status: row.get("ciam_status")?,
                    activation_date: timestamp(row.get("activation_date")?),
                    toggle_on: row.get("toggle_on")?,
                    onboarding_id: row.get("onboarding_id")?,
                })
            })
            .optional()
    }

    /// Makes the CRM refuse every recording of a CIAM status, or accept it again.
    pub fn refuse_ciam_status(&self, refuse: bool) -> rusqlite::Result<()> {
        let sql = if refuse {
            "CREATE TRIGGER crm_refuses_update BEFORE UPDATE ON crm_product_ciam BEGIN SELECT RAISE(ABORT, 'refused'); END;
             CREATE TRIGGER crm_refuses_insert BEFORE INSERT ON crm_product_ciam BEGIN SELECT RAISE(ABORT, 'refused'); END;"
        } else {
            "DROP TRIGGER IF EXISTS crm_refuses_update; DROP TRIGGER IF EXISTS crm_refuses_insert;"
        };
        self.connection().execute_batch(sql)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
