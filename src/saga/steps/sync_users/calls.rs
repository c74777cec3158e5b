//! Makes the calls of a pass.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::{Map, Value};

use super::super::super::failure::StepError;
use super::super::update_user::{self, status_to_send};
use super::person::{Person, sent, user_id};
use super::settle::{Count, Settled};
use super::target::Target;
use super::values::Hashes;
use super::window::{Sibling, Work};
use crate::domain::reason::Reason;
use crate::domain::user::Status;
use crate::store::{Account, AccountChanges, Batch};
use ic_secureauth_api::{ApiError, Class, ImportChunk, User, UserStatus, UserUpdate, Versioned};

/// What came of one work.
pub(super) struct Landed {
    pub(super) settled: Vec<Settled>,
    /// The users of a chunk that were sent and are not settled.
    pub(super) people: Vec<Person>,
    pub(super) sibling: Option<Sibling>,
    pub(super) answer: Answer,
}

/// How the last call of a work ended.
pub(super) enum Answer {
    /// No chunk was sent.
    Done,
    /// SecureAuth imported the chunk.
    Accepted,
    /// SecureAuth refuses at least one record of the chunk and does not say which.
    Refused(Refusal),
    /// The users stay open.
    Failed {
        error: StepError,
        /// Repeating the call at once is no use.
        is_answered: bool,
    },
}

/// A refusal of users' data.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// Another resource has an id or a value of one of the users (409).
    pub(super) conflict: bool,
    /// Nobody has the refused user's name, so something else is wrong with it.
    pub(super) explained: bool,
    /// SecureAuth's code, or the HTTP status without one.
    pub(super) code: String,
}

impl Landed {
    fn done(settled: Vec<Settled>) -> Self {
        Self {
            settled,
            people: Vec::new(),
            sibling: None,
            answer: Answer::Done,
        }
    }

    fn failed(error: ApiError) -> Self {
        Self {
            answer: Answer::failed(error),
            ..Self::done(Vec::new())
        }
    }
}

impl Answer {
    /// One attempt without an answer is no reason to give up. An answered call was repeated already where that is of use.
    fn failed(error: ApiError) -> Self {
        Self::Failed {
            is_answered: error.class() == Class::NotStarted || error.status().is_some() || !error.outcome_unknown(),
            error: error.into(),
        }
    }
}

impl Target {
    pub(super) fn start(&self, work: Work) -> BoxFuture<'_, Landed> {
        match work {
            Work::Join {
                people, look, sibling, ..
            } => self.join(people, look, sibling).boxed(),
            Work::Explain(person, refusal) => self.explain(person, refusal).boxed(),
            Work::Change(person) => self.change(person).boxed(),
            Work::Keep { page, account } => self.keep(page, account).boxed(),
            Work::Deactivate { page, account } => self.deactivate(page, account).boxed(),
        }
    }

    async fn join(&self, people: Vec<Person>, look: bool, sibling: Option<Sibling>) -> Landed {
        let mut landed = Landed {
            sibling,
            ..Landed::done(Vec::new())
        };
        let mut absent = people;
        if look {
            absent = self.look(absent, &mut landed).await;
        }
        if absent.is_empty() {
            return landed;
        }
        landed.answer = self.import(&absent).await;
        if matches!(landed.answer, Answer::Accepted) {
            landed.settled.extend(absent.iter().map(Settled::imported));
        } else {
            landed.people = absent;
        }
        landed
    }

    /// Reads each user. Users that are there are brought in line; the others are returned, and their accounts are this run's
    /// from now on.
    async fn look(&self, people: Vec<Person>, landed: &mut Landed) -> Vec<Person> {
        let looks = people.into_iter().map(|person| self.look_at(person));
        let looked: Vec<Looked> = stream::iter(looks).buffer_unordered(self.in_flight).collect().await;
        let mut absent = Vec::new();
        for looked in looked {
            match looked {
                Looked::Settled(settled) => landed.settled.push(settled),
                Looked::Absent(person) => absent.push(person),
                Looked::Failed(error) => landed.answer = Answer::failed(error),
            }
        }
        if matches!(landed.answer, Answer::Failed { .. }) || absent.is_empty() {
            return Vec::new();
        }
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
                landed.answer = Answer::Failed {
                    error: error.into(),
                    is_answered: true,
                };
                Vec::new()
            }
        }
    }

    /// Absent is a user that neither its id nor its name finds: a cache may answer 404 long after a creation, and whoever has
    /// a credential must not be imported again.
    async fn look_at(&self, person: Person) -> Looked {
        let id = user_id(&person.account, &self.values.ids);
        let mut found = match self.api.user(&self.pool, &id).await {
            Ok(found) => found,
            Err(error) => return Looked::Failed(error),
        };
        if found.is_none() && self.live {
            let name = person.wanted.user_name();
            match self.api.find_user_by_identifier(&self.pool, name).await {
                Ok(by_name) => found = by_name.filter(|by_name| by_name.value.id == id),
                Err(error) => return Looked::Failed(error),
            }
        }
        match found {
            None => Looked::Absent(person),
            Some(found) => self.bring_in_line(person, found).await,
        }
    }

    async fn import(&self, people: &[Person]) -> Answer {
        let users: Vec<_> = people
            .iter()
            .map(|person| person.wanted.import(&self.values.ids))
            .collect();
        let chunk = match ImportChunk::new(&self.pool, &self.tenant_id, &users, &self.settings) {
            Ok(chunk) => chunk,
            Err(error) => {
                tracing::error!(%error, "could not build the body of an import");
                return Answer::Failed {
                    error: StepError::Permanent(Reason::SecureauthRefused),
                    is_answered: true,
                };
            }
        };
        let answer = if self.live {
            self.api.import_once(&chunk).await
        } else {
            self.api.import(&chunk).await
        };
        match answer {
            Ok(()) => Answer::Accepted,
            // A replica may not know the run's new pool yet: a 404 is then no refusal of the users.
            Err(error) if error.is_not_found() && self.created => Answer::Failed {
                error: StepError::not_shown(),
                is_answered: true,
            },
            Err(error) if error.class() == Class::Permanent && !error.is_not_found() => {
                let status = error.status().unwrap_or_default().to_string();
                Answer::Refused(Refusal {
                    conflict: error.is_conflict(),
                    explained: false,
                    code: error.error_code().map_or(status, str::to_owned),
                })
            }
            Err(error) => Answer::failed(error),
        }
    }

    /// Asks who has the user name, because a list may lag.
    async fn explain(&self, person: Person, refusal: Refusal) -> Landed {
        let name = person.wanted.user_name();
        let id = user_id(&person.account, &self.values.ids);
        let holder = match self.api.find_user_by_identifier(&self.pool, name).await {
            Ok(found) => found.map(|found| found.value.id).filter(|holder| *holder != id),
            Err(error) => return Landed::failed(error),
        };
        let Some(holder) = holder else {
            return Landed {
                people: vec![person],
                answer: Answer::Refused(Refusal {
                    explained: true,
                    ..refusal
                }),
                ..Landed::done(Vec::new())
            };
        };
        if self.is_found() {
            return Landed::done(vec![Settled::linked_instead(&person, holder.to_string())]);
        }
        let names: Vec<_> = person.wanted.hashes().name.into_iter().collect();
        let accounts = self
            .store
            .accounts_by_name(self.record.no, &names)
            .await
            .unwrap_or_default();
        let mut others = accounts.into_values().map(|account| account.user_guid);
        let account = others.find(|guid| *guid != person.account.user_guid);
        let held_by = account.map_or_else(|| holder.to_string(), |guid| guid.to_string());
        Landed::done(vec![Settled::held(&person, held_by)])
    }

    async fn change(&self, person: Person) -> Landed {
        let id = user_id(&person.account, &self.values.ids);
        match self.api.user(&self.pool, &id).await {
            Ok(Some(found)) => match self.bring_in_line(person, found).await {
                Looked::Settled(settled) => Landed::done(vec![settled]),
                Looked::Absent(_) => Landed::done(Vec::new()),
                Looked::Failed(error) => Landed::failed(error),
            },
            // Left open: the next pass looks again, and imports the user if nobody finds it.
            Ok(None) => Landed::done(Vec::new()),
            Err(error) => Landed::failed(error),
        }
    }

    /// Sends what differs from what is shown, and settles the account with what the user has then.
    async fn bring_in_line(&self, person: Person, found: Versioned<User>) -> Looked {
        let Person { page, wanted, account } = person;
        let members = &self.settings.payload_members;
        let shown = Hashes::shown(&found.value, members, self.values.case_insensitive);
        let payload = wanted.import(&self.values.ids).payload(members);
        let names = members.names();
        let changes = |there: Option<&User>| {
            let before = there.and_then(|there| there.payload.as_ref());
            let mut merged: Map<String, Value> = before.cloned().unwrap_or_default();
            for name in names {
                merged.remove(name);
            }
            merged.extend(payload.clone());
            UserUpdate {
                status: due_status(there, &account, wanted.status()),
                payload: (before != Some(&merged)).then_some(merged),
                if_match: None,
            }
        };
        let change = changes(Some(&found.value));
        let settled = Account {
            name_hash: shown.name,
            address_hash: shown.address,
            profile_hash: wanted.hashes().profile,
            status_sent: Some(wanted.status()),
            ..account.clone()
        };
        let is_mine = account.open && account.created_by == Some(self.run);
        let count = |changed| match (is_mine, changed) {
            (true, _) => Count::Imported,
            (false, true) => Count::Changed,
            (false, false) => Count::Nothing,
        };
        if change.status.is_none() && change.payload.is_none() {
            return Looked::Settled(Settled::with(page, settled, count(false)));
        }
        let id = found.value.id.clone();
        match update_user::update(&self.api, &self.pool, &id, Some(found), changes).await {
            Ok(()) => Looked::Settled(Settled::with(page, settled, count(true))),
            Err(error) if error.class() == Class::Permanent && !error.is_not_found() && !error.outcome_unknown() => {
                Looked::Settled(Settled::change_refused(page, account))
            }
            Err(error) => Looked::Failed(error),
        }
    }

    async fn keep(&self, page: u32, account: Account) -> Landed {
        let id = user_id(&account, &self.values.ids);
        match self.api.user(&self.pool, &id).await {
            Ok(Some(found)) => Landed::done(vec![Settled::with(
                page,
                self.as_shown(account, &found.value),
                Count::Nothing,
            )]),
            Ok(None) => Landed::done(vec![Settled::gone(page, account.user_guid)]),
            Err(error) => Landed::failed(error),
        }
    }

    async fn deactivate(&self, page: u32, account: Account) -> Landed {
        let id = user_id(&account, &self.values.ids);
        let found = match self.api.user(&self.pool, &id).await {
            Ok(Some(found)) => found,
            Ok(None) => return Landed::done(vec![Settled::gone(page, account.user_guid)]),
            Err(error) => return Landed::failed(error),
        };
        let settled = Account {
            status_sent: Some(Status::Inactive),
            ..self.as_shown(account, &found.value)
        };
        if found.value.status == Some(UserStatus::Inactive) {
            return Landed::done(vec![Settled::with(page, settled, Count::Nothing)]);
        }
        let inactive = |_: Option<&User>| UserUpdate {
            status: Some(UserStatus::Inactive),
            ..UserUpdate::default()
        };
        match update_user::update(&self.api, &self.pool, &id, Some(found), inactive).await {
            Ok(()) => Landed::done(vec![Settled::with(page, settled, Count::Deactivated)]),
            Err(error) => Landed::failed(error),
        }
    }

    /// The account with the hashes of what SecureAuth shows; the status that it shows decides next time.
    fn as_shown(&self, account: Account, user: &User) -> Account {
        let shown = Hashes::shown(user, &self.settings.payload_members, self.values.case_insensitive);
        Account {
            name_hash: shown.name,
            address_hash: shown.address,
            profile_hash: shown.profile,
            status_sent: None,
            ..account
        }
    }
}

/// The status to send: when it is another one than was sent, or, where that is not known, than is shown.
fn due_status(there: Option<&User>, account: &Account, wanted: Status) -> Option<UserStatus> {
    let shown = there.and_then(|there| there.status);
    let is_due = match account.status_sent {
        Some(before) => before != wanted,
        None => shown != Some(sent(wanted)),
    };
    is_due.then(|| status_to_send(shown, sent(wanted))).flatten()
}

/// What a look at one user leads to.
enum Looked {
    Settled(Settled),
    Absent(Person),
    Failed(ApiError),
}
