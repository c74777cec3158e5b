//! Reads the users of open accounts before anything is sent for them.

use futures_util::{StreamExt, stream};

use super::calls::{Answer, Landed};
use super::change::Brought;
use super::conflict::Part;
use super::person::{Person, is_unknown, user_id};
use super::settled::Settled;
use super::target::Target;
use super::values::Hashes;
use crate::domain::issue::{Field, Issue};
use crate::store::{Account, AccountChanges, Batch, StoreError};
use ic_secureauth_api::{Class, User, UserStatus, Versioned};

impl Target {
    /// Reads each user. Users that are there are brought in line; the others are returned, and their accounts are this run's
    /// from now on.
    pub(super) async fn look(&self, people: Vec<Person>, landed: &mut Landed) -> Vec<Person> {
        let looks = people.into_iter().map(|person| async {
            if self.flow.is_stopping() {
                return Looked::NotYet;
            }
            self.look_at(person).await
        });
        let looked: Vec<Looked> = stream::iter(looks)
            .buffer_unordered(self.share.in_flight())
            .collect()
            .await;
        let mut absent = Vec::new();
        for looked in looked {
            match looked {
                Looked::There(brought) => brought.land(landed),
                Looked::Absent(person) => absent.push(person),
                Looked::Failed(answer) => landed.answer = answer,
                Looked::NotYet => self.flow.cut(),
            }
        }
        if matches!(landed.answer, Answer::Failed { .. }) || absent.is_empty() {
            return Vec::new();
        }
        let mut absent = match self.with_free_ids(absent, landed).await {
            Ok(absent) if !absent.is_empty() => absent,
            Ok(absent) => return absent,
            Err(error) => {
                landed.answer = error.into();
                return Vec::new();
            }
        };
        // An account of this run may be open for an import that never had an effect.
        let had_a_user = |person: &&Person| person.is_known() && person.account.created_by != Some(self.run);
        self.flow.miss(absent.iter().filter(had_a_user).count());
        for person in &mut absent {
            person.account = person.wanted.new_account(self.run);
        }
        let changes = AccountChanges {
            put: absent.iter().map(|person| person.account.clone()).collect(),
            ..AccountChanges::of(self.record.no)
        };
        let batch = Batch {
            accounts: Some(changes),
            ..Batch::default()
        };
        match self.store.write(&self.lease, &batch).await {
            Ok(()) => absent,
            Err(error) => {
                landed.answer = error.into();
                Vec::new()
            }
        }
    }

    /// Reports the people whose derived ids are those of other people, who had their GUIDs before, and forgets their accounts.
    async fn with_free_ids(&self, absent: Vec<Person>, landed: &mut Landed) -> Result<Vec<Person>, StoreError> {
        let holders = self
            .holders_of_derived(absent.iter().map(|person| &person.wanted))
            .await?;
        let mut free = Vec::new();
        for person in absent {
            let user = person.account.user_guid;
            match holders.get(&user) {
                None => free.push(person),
                Some(other) => {
                    let issue = Issue::held(user, Field::UserGuid, other.to_string());
                    landed.settled.push(Settled::gone(person.page, user).reporting(issue));
                }
            }
        }
        Ok(free)
    }

    /// Absent is a user that neither its id nor its name finds: a cache may answer 404 long after a creation, and whoever has
    /// a credential must not be imported again.
    async fn look_at(&self, person: Person) -> Looked {
        let id = user_id(&person.account, &self.values.ids);
        let mut found = match self.api.user(&self.pool, &id).await {
            Ok(found) => found,
            Err(error) => return Looked::Failed(error.into()),
        };
        if found.is_none() && self.live {
            let name = person.wanted.user_name();
            let by_name = match self.api.find_user_by_identifier(&self.pool, name).await {
                Ok(by_name) => by_name,
                Err(error) => return Looked::Failed(error.into()),
            };
            match by_name {
                // A person from a refused chunk is not settled here: the chunk's other half would be blamed.
                Some(holder) if holder.value.id != id && is_unknown(&person.account) => {
                    let given_way = self.give_way(&person, &holder.value, Part::UserName).await;
                    return given_way.map_or_else(|error| Looked::Failed(error.into()), Looked::There);
                }
                by_name => found = by_name.filter(|by_name| by_name.value.id == id),
            }
        }
        if found.is_none() && self.live && person.has_another_name() {
            found = match self.found_by_new_name(&person).await {
                Ok(found) => found,
                Err(answer) => return Looked::Failed(answer),
            };
        }
        match found {
            None => Looked::Absent(person),
            Some(found) => self
                .bring_in_line(person, found)
                .await
                .map_or_else(Looked::Failed, Looked::There),
        }
    }

    /// A user who has, or had, another name than the CRM has now cannot be found by it, and an import would replace the user with all
    /// credentials. Only whoever is there can get the new name.
    async fn found_by_new_name(&self, person: &Person) -> Result<Option<Versioned<User>>, Answer> {
        let id = user_id(&person.account, &self.values.ids);
        let name = person.wanted.user_name();
        match self.add(&id, Part::UserName, name).await {
            Ok(()) => {}
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) if error.class() == Class::Permanent => return Err(Answer::not_shown()),
            Err(error) => return Err(error.into()),
        }
        let found = self.api.find_user_by_identifier(&self.pool, name).await?;
        let found = found.filter(|found| found.value.id == id);
        found.map(Some).ok_or_else(Answer::not_shown)
    }

    /// A user that several looks do not find is gone: one look may be answered by a cache.
    pub(super) async fn keep(&self, page: u32, account: Account, issue: Option<Issue>) -> Landed {
        let id = user_id(&account, &self.values.ids);
        for pause in &self.lag_pauses {
            tokio::time::sleep(*pause).await;
            match self.api.user(&self.pool, &id).await {
                Ok(Some(found)) => {
                    let has_access = found.value.status != Some(UserStatus::Inactive);
                    let shown = self.as_shown(account, &found.value);
                    let settled = Settled {
                        issue: issue.filter(|_| has_access),
                        ..Settled::with(page, shown, None)
                    };
                    return Landed::done(vec![settled]);
                }
                Ok(None) => {}
                Err(error) => return Landed::failed(error.into()),
            }
        }
        Landed::done(vec![Settled::gone(page, account.user_guid)])
    }

    /// The account with the hashes of what SecureAuth shows, and the status that was sent last.
    pub(super) fn as_shown(&self, account: Account, user: &User) -> Account {
        let shown = Hashes::shown(user, &self.settings.payload_members, self.values.case_insensitive);
        Account {
            name_hash: shown.name,
            address_hash: shown.address,
            profile_hash: shown.profile,
            ..account
        }
    }
}

/// What a look at one user leads to.
enum Looked {
    There(Brought),
    Absent(Person),
    Failed(Answer),
    /// The pass stops; the account stays open.
    NotYet,
}
