//! What the suite needs of a database, besides the store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use biller_onboarding::domain::ids::OnboardingId;
use biller_onboarding::store::{Store, StoreError};
use time::OffsetDateTime;
use uuid::Uuid;

/// A new database for one test, with schema and sample CRM.
#[async_trait]
pub(crate) trait Db: Send + Sync {
    /// The adapter under test.
    fn store(&self) -> Arc<dyn Store>;

    /// The database's clock.
    async fn now(&self) -> OffsetDateTime;

    /// Returns once `duration` has passed by the database's clock.
    async fn pass(&self, duration: Duration);

    /// Adds a row to the CRM's billers.
    async fn add_biller(&self, id: &str, name: Option<&str>);

    /// Changes a biller's name in the CRM.
    async fn rename_biller(&self, id: &str, name: &str);

    /// Adds rows to the CRM's users.
    async fn add_users(&self, biller: &str, users: &[CrmUserRow<'_>]);

    /// Puts something that is no text into the CRM; `false` where the engine does not keep such bytes.
    async fn damage(&self, text: Damaged) -> bool;

    /// `Product > CIAM` of a biller, as the CRM has it.
    async fn product_ciam(&self, biller: &str) -> Option<ProductCiam>;

    /// Makes the CRM refuse every recording of a CIAM status.
    async fn refuse_ciam_status(&self);

    /// When the timer sends the run's message.
    async fn due_at(&self, run: OnboardingId) -> Option<OffsetDateTime>;

    /// Makes a run due for the timer now.
    async fn make_due(&self, run: OnboardingId);

    /// Writes an unknown text into a column of a run, as a newer version might.
    async fn set_word(&self, run: OnboardingId, column: Word, word: &str);

    /// Appends a journal entry, as a newer version might.
    async fn append_entry(&self, run: OnboardingId, seq: u32, entry: &str, detail: &str);

    /// Applies the migrations again.
    async fn migrate(&self) -> Result<Vec<u32>, StoreError>;

    /// Creates the sample CRM again.
    async fn create_sample_crm(&self) -> Result<(), StoreError>;

    /// Runs the script of version 1 as a DBA may, past the store; `false` when it refuses. SQLite has no DBA: as [`Self::migrate`].
    async fn run_script_by_hand(&self) -> bool;

    /// As if another edition of version 1's script had made the database.
    async fn set_script_hash(&self, hash: &str);

    /// As if the database were from before script hashes were recorded.
    async fn drop_script_hash(&self);

    /// Removes the schema's version, as if the migrations had never been applied.
    /// Records a version of a newer program.
    async fn add_schema_version(&self, version: u32, minimum_program: u32);

    async fn drop_schema_version(&self);

    /// Who asked for runs and sent events, as recorded with them.
    async fn requesters(&self) -> Vec<String>;

    /// Tries to change and to delete the run's journal with SQL. True if both are refused.
    async fn journal_refuses_changes(&self, run: OnboardingId) -> bool;
}

/// Texts of the CRM's rows, all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Damaged {
    BillerName,
    FirstName,
    /// A character of several bytes is cut at the end of an 8-bit text.
    FirstNameCut,
}

/// Columns that hold texts of string enums.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Word {
    Kind,
    State,
    Step,
}

/// A user as the CRM may hold it: anything may be missing or wrong, even the GUID.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CrmUserRow<'a> {
    pub(crate) guid: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) first_name: Option<&'a str>,
    pub(crate) last_name: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
    pub(crate) status: Option<&'a str>,
}

/// `Product > CIAM` of a biller, as the CRM has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProductCiam {
    pub(crate) status: String,
    pub(crate) activation_date: Option<OffsetDateTime>,
    pub(crate) toggle_on: bool,
    pub(crate) run: Uuid,
}

/// Makes two tests of each function: one on SQLite, one on SQL Server.
macro_rules! on_both {
    ($($sentence:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $sentence() {
                    super::$sentence(&$crate::store::sqlite_db::SqliteDb::create().await).await;
                }
            )+
        }

        mod sql_server {
            $(
                #[tokio::test]
                #[cfg_attr(not(sql_server), ignore = "TEST_SQL_SERVER is not set")]
                async fn $sentence() {
                    $crate::store::sql_server_db::on_sql_server(|db| Box::pin(super::$sentence(db))).await;
                }
            )+
        }
    };
}
pub(crate) use on_both;
