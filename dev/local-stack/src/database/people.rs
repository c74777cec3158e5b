//! What the handler's tables say of a biller's people: accounts, and the data errors of a run.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Database, PRESENT_POOL};

/// The namespace of every derived id. It must stay the same for ever, so it is written down here once more.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f1d_3c52_6f0e_5c1b_9a57_2f0b_7f6e_41c3);

/// What the database knows of one user in a pool (a row of `account`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// The user's id in SecureAuth: the stored one, else the derived one.
    pub user_id: String,
    /// `imported|linked`.
    pub origin: String,
    /// A call that touches the user may be on its way.
    pub open: bool,
    /// The run that imported the user first.
    pub created_by: Option<String>,
}

/// A data error that a run reported (a row of `onboarding_issue`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRecord {
    /// The GUID of the row in the CRM; `None` where the row has none.
    pub user_guid: Option<String>,
    /// `user_name`, for example.
    pub field: String,
    /// `duplicate`, for example.
    pub code: String,
    /// Who has the value already: a GUID, or an id in SecureAuth. Only with the code `held`.
    pub held_by: Option<String>,
}

impl Database {
    /// The accounts of the biller's present pool, by user GUID.
    pub fn accounts(&self, biller_id: &str) -> rusqlite::Result<BTreeMap<String, AccountRecord>> {
        let connection = self.connection();
        let sql = format!(
            "SELECT user_guid, user_id, account.origin, open, created_by, generation
             FROM account JOIN pool USING (pool_no) WHERE pool_no = {PRESENT_POOL}"
        );
        let mut select = connection.prepare_cached(&sql)?;
        let accounts = select.query_map([biller_id], |row| {
            let (user_guid, user_id): (String, Option<String>) = (row.get(0)?, row.get(1)?);
            let generation = row.get(5)?;
            let account = AccountRecord {
                user_id: user_id.unwrap_or_else(|| self.derived_user_id(biller_id, generation, &user_guid)),
                origin: row.get(2)?,
                open: row.get(3)?,
                created_by: row.get(4)?,
            };
            Ok((user_guid, account))
        })?;
        accounts.collect()
    }

    /// How many users a biller has in its pool because runs imported them.
    pub fn users_onboarded(&self, biller_id: &str) -> rusqlite::Result<u64> {
        let sql =
            format!("SELECT count(*) FROM account WHERE pool_no = {PRESENT_POOL} AND origin = 'imported' AND open = 0");
        self.connection()
            .query_row(&sql, [biller_id], |row| super::count(row, 0))
    }

    /// A run's data errors, by GUID.
    pub fn issues(&self, onboarding_id: &str) -> rusqlite::Result<Vec<IssueRecord>> {
        let connection = self.connection();
        let sql = "SELECT user_guid, field, code, held_by FROM onboarding_issue WHERE onboarding_id = ?1
                   ORDER BY user_guid, field, code";
        let mut select = connection.prepare_cached(sql)?;
        let issues = select.query_map([onboarding_id], |row| {
            Ok(IssueRecord {
                user_guid: row.get(0)?,
                field: row.get(1)?,
                code: row.get(2)?,
                held_by: row.get(3)?,
            })
        })?;
        issues.collect()
    }

    /// docs/ARCHITECTURE.md#ids
    fn derived_user_id(&self, biller_id: &str, generation: u32, user_guid: &str) -> String {
        let owner = Uuid::new_v5(&NAMESPACE, format!("{}/{biller_id}", self.tenant_id).as_bytes());
        Uuid::new_v5(&owner, format!("user/{generation}/{user_guid}").as_bytes()).to_string()
    }
}
