//! People whom a found pool held before. No two accounts get the same user of SecureAuth (docs/ARCHITECTURE.md#accounts).

use std::collections::HashMap;

use uuid::Uuid;

use super::person::Wanted;
use super::settle::Event;
use super::target::Target;
use super::task::{Row, Task};
use crate::domain::issue::{Code, Field, Issue};
use crate::store::{Account, StoreError};

/// The account of somebody whom a found pool held before; open if the user is to be adopted.
pub(super) struct Known {
    pub(super) account: Account,
    pub(super) issue: Option<Issue>,
}

impl Known {
    /// Somebody who is not adopted yet.
    pub(super) fn not_adopted(account: Account) -> Self {
        Self {
            issue: Some(Self::not_adopted_issue(account.user_guid)),
            account: Account { open: false, ..account },
        }
    }

    pub(super) fn not_adopted_issue(user: Uuid) -> Issue {
        Issue::of(Some(user), Field::Status, Code::NotAdopted)
    }
}

impl Target {
    /// What becomes of somebody without an account whom the found pool holds under this id.
    pub(super) fn known(&self, user: Uuid, row: &Row, holder: String) -> Known {
        let is_by_name = holder != self.values.ids.user_id(user).to_string();
        let mut account = Account::linked(user, holder);
        let task = Task::of(row, Some(&account), self.policy);
        account.open = matches!(task, Task::Look | Task::Leave(_));
        // By these the person is recognised when the CRM gives it a new GUID.
        if let Row::Valid(wanted) = row
            && is_by_name
            && !account.open
        {
            account.name_hash = wanted.hashes().name;
            account.address_hash = wanted.hashes().address;
        }
        Known {
            issue: task.code(row).map(|code| Issue::of(Some(user), Field::Status, code)),
            account,
        }
    }

    /// Who has an account that keeps one of these ids of SecureAuth, by id.
    pub(super) async fn holders_by_id(&self, ids: &[String]) -> Result<HashMap<String, Uuid>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let accounts = self.store.accounts_by_user_id(ids, self.record.no).await?.into_iter();
        Ok(accounts
            .filter_map(|account| Some((account.user_id?, account.user_guid)))
            .collect())
    }

    /// Who has the user under the derived id of each of these people, because the CRM gave the user's person another GUID; by the GUID
    /// of who is to get the id. An import would replace that user.
    pub(super) async fn holders_of_derived(
        &self,
        people: impl Iterator<Item = &Wanted> + Send,
    ) -> Result<HashMap<Uuid, Uuid>, StoreError> {
        let ids: Vec<(Uuid, String)> = people
            .map(|wanted| (wanted.user_guid(), wanted.user_id(&self.values).to_string()))
            .collect();
        let asked: Vec<String> = ids.iter().map(|(_, id)| id.clone()).collect();
        let holders = self.holders_by_id(&asked).await?;
        Ok(ids
            .into_iter()
            .filter_map(|(user, id)| Some((user, *holders.get(&id)?)))
            .filter(|(user, holder)| user != holder)
            .collect())
    }

    /// Of several people whom the pool holds under one id only the first one is linked: some may have been found at the same time.
    pub(super) async fn link_each_once(&self, events: &mut [Event]) -> Result<(), StoreError> {
        let settled = events.iter_mut().flat_map(Event::settled);
        let links: Vec<_> = settled.filter(|settled| settled.linked().is_some()).collect();
        let ids: Vec<String> = links.iter().filter_map(|link| link.linked()?.user_id.clone()).collect();
        let mut holders = self.holders_by_id(&ids).await?;
        for (link, id) in links.into_iter().zip(ids) {
            let Some(user) = link.user else { continue };
            let holder = *holders.entry(id).or_insert(user);
            if holder != user {
                link.linked_already(user, holder);
            }
        }
        Ok(())
    }
}
