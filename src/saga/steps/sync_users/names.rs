//! Finds who has the user names that others are to get (docs/ARCHITECTURE.md#names).

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::super::payload_schema::PayloadSchema;
use super::person::Wanted;
use super::reader::{CrmRow, judge};
use super::target::Values;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::user::UserRow;
use crate::store::{Account, AccountOrigin, GuidRange, HashedValue, PoolNo, Store, StoreError, ValueHash};

/// Where names are looked up.
#[derive(Clone, Copy)]
pub(in super::super::super) struct Names<'a> {
    pub(in super::super::super) store: &'a dyn Store,
    pub(in super::super::super) biller_id: &'a BillerId,
    pub(in super::super::super) pool: PoolNo,
    pub(in super::super::super) values: &'a Values,
    /// `None`: rows are not checked against the payload schema.
    pub(in super::super::super) schema: Option<&'a PayloadSchema>,
    /// The run whose issues are data errors too, such as values that rows share; `None`: it has none.
    pub(in super::super::super) run: Option<OnboardingId>,
    /// Linked people count as holders. SecureAuth knows better who has a name now, so only the check asks for them.
    pub(in super::super::super) with_linked: bool,
}

/// What the CRM says of an account that has a user name which somebody else is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super::super) enum Right {
    /// The name is its own, or its row has a data error and is left as it is.
    Entitled,
    /// Its row is `deleted` or has another name.
    GivesUp,
    /// It has no row.
    Gone,
}

/// An account with a user name that somebody else is to get.
#[derive(Debug, Clone)]
pub(in super::super::super) struct Holder {
    pub(in super::super::super) account: Account,
    pub(in super::super::super) right: Right,
}

impl Holder {
    /// Without a row, and with the user name and the address that somebody is to get, it is the account of the same person, whom the CRM
    /// gave a new GUID.
    pub(in super::super::super) fn is_of(&self, wanted: &Wanted) -> bool {
        let address = self.account.address_hash;
        self.right == Right::Gone && address.is_some() && address == wanted.hashes().address
    }

    /// The greatest counts. The hashes of a linked account may be older than its user's name, so an imported one comes first.
    fn rank(&self, wanted: &Wanted) -> (bool, bool, bool) {
        let is_imported = self.account.origin == AccountOrigin::Imported;
        (self.is_of(wanted), self.right == Right::Entitled, is_imported)
    }
}

impl Names<'_> {
    /// The holders of these users' names, by the GUID of the user who is to get the name. Users whose names no other account has
    /// are left out.
    pub(in super::super::super) async fn holders(
        &self,
        wanted: &[&Wanted],
    ) -> Result<HashMap<Uuid, Holder>, StoreError> {
        let names: Vec<ValueHash> = wanted.iter().filter_map(|wanted| wanted.hashes().name).collect();
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        let accounts = self.store.accounts_by(HashedValue::UserName, &names, self.pool).await?;
        let mut by_name: HashMap<ValueHash, Vec<Account>> = HashMap::new();
        for account in accounts {
            let counts = self.with_linked || account.origin == AccountOrigin::Imported;
            if let Some(name) = account.name_hash.filter(|_| counts) {
                by_name.entry(name).or_default().push(account);
            }
        }
        let mut taken = Vec::new();
        for wanted in wanted {
            let accounts = wanted.hashes().name.and_then(|name| by_name.get(&name));
            let others = accounts.into_iter().flatten();
            let others = others.filter(|account| account.user_guid != wanted.user_guid());
            taken.extend(others.map(|account| (*wanted, account.clone())));
        }
        self.of(taken).await
    }

    /// The same where it is known which accounts have the names.
    pub(in super::super::super) async fn of(
        &self,
        held: Vec<(&Wanted, Account)>,
    ) -> Result<HashMap<Uuid, Holder>, StoreError> {
        let guids: Vec<Uuid> = held.iter().map(|(_, holder)| holder.user_guid).collect();
        let names: HashSet<(Uuid, Option<ValueHash>)> = held
            .iter()
            .map(|(wanted, holder)| (holder.user_guid, wanted.hashes().name))
            .collect();
        let is_own = |guid: Uuid, row: &Wanted| names.contains(&(guid, row.hashes().name));
        let rights = self.judged(&guids, is_own).await?;
        let mut holders: HashMap<Uuid, Holder> = HashMap::new();
        for (wanted, account) in held {
            let right = rights.get(&account.user_guid).copied().unwrap_or(Right::Gone);
            let holder = Holder { account, right };
            let taker = wanted.user_guid();
            let before = holders.get(&taker);
            if before.is_none_or(|before| before.rank(wanted) < holder.rank(wanted)) {
                holders.insert(taker, holder);
            }
        }
        Ok(holders)
    }

    /// What the CRM says of accounts; one without a row is left out. `is_own`: the value is the one of the row.
    pub(super) async fn judged(
        &self,
        guids: &[Uuid],
        is_own: impl Fn(Uuid, &Wanted) -> bool,
    ) -> Result<HashMap<Uuid, Right>, StoreError> {
        if guids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut rows: HashMap<Uuid, Vec<UserRow>> = HashMap::new();
        for row in self.store.users_by_guid(self.biller_id, guids).await? {
            if let Some(guid) = row.user_guid {
                rows.entry(guid).or_default().push(row);
            }
        }
        let known = match self.run {
            Some(run) => self.store.users_with_issues(run, GuidRange::default()).await?,
            None => HashSet::new(),
        };
        let judged = rows.into_iter().filter_map(|(guid, rows)| {
            let mut rows = rows.into_iter();
            let right = match judge(guid, rows.next()?, rows.collect(), self.schema).row {
                CrmRow::Valid(_) if known.contains(&guid) => Right::Entitled,
                CrmRow::Valid(user) if is_own(guid, &self.values.wanted(user.clone())) => Right::Entitled,
                CrmRow::Valid(_) | CrmRow::Gone => Right::GivesUp,
                CrmRow::Invalid { .. } => Right::Entitled,
            };
            Some((guid, right))
        });
        Ok(judged.collect())
    }
}
