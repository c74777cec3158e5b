//! Application locks, held until the transaction ends.

use super::columns::required;
use super::error::{Fault, unavailable};
use super::session::Transaction;

/// The biller's lock: under it events are decided and runs end. Names of locks are compared byte for byte, as ids are.
pub(super) async fn lock_biller(transaction: &mut Transaction, biller_id: &str, timeout: i32) -> Result<(), Fault> {
    lock(transaction, &format!("ciam.BillerCiam:{biller_id}"), timeout).await
}

/// The lock under which worker slots are taken.
pub(super) async fn lock_worker_slots(transaction: &mut Transaction, timeout: i32) -> Result<(), Fault> {
    lock(transaction, "ciam.WorkerSlot", timeout).await
}

/// The lock under which the journals of old runs are deleted.
pub(super) async fn lock_purge(transaction: &mut Transaction, timeout: i32) -> Result<(), Fault> {
    lock(transaction, "ciam.JournalPurge", timeout).await
}

async fn lock(transaction: &mut Transaction, resource: &str, timeout: i32) -> Result<(), Fault> {
    let sql = "DECLARE @result INT; \
        EXEC @result = sp_getapplock @Resource = @P1, @LockMode = N'Exclusive', @LockOwner = N'Transaction', \
            @LockTimeout = @P2; \
        SELECT @result AS Result;";
    let result: i32 = match transaction.row(sql, &[&resource, &timeout]).await? {
        Some(row) => required(&row, "Result")?,
        None => -1,
    };
    if result < 0 {
        let description = format!("sp_getapplock answered {result}");
        return Err(Fault::Store(unavailable("wait for a lock", description)));
    }
    Ok(())
}
