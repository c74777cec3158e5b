//! Brings a user who is there in line with the CRM: profile and status, then user name, then e-mail address.

mod finish;

use serde_json::{Map, Value};

use super::super::super::step_error::details_of;
use super::super::update_user::{self, status_to_send};
use super::calls::{Answer, Landed};
use super::conflict::{Conflict, Part, Who};
use super::entries::Removal;
use super::leave::Departure;
use super::person::{Person, sent, user_id};
use super::settled::Settled;
use super::target::Target;
use super::values::{address_hash, fold, name_hash};
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::user::Status;
use crate::store::{Account, AccountOrigin};
use ic_secureauth_api::{ApiError, User, UserId, UserStatus, UserUpdate, Versioned};

/// A user who is as the CRM has it, or as near as SecureAuth allows.
pub(super) enum Brought {
    Settled(Settled),
    /// The user's sessions have to end before the account is settled.
    Departing(Departure),
    /// Another pass is needed; the account stays open.
    Waiting,
}

impl Brought {
    pub(super) fn land(self, landed: &mut Landed) {
        match self {
            Self::Settled(settled) => landed.settled.push(settled),
            Self::Departing(departure) => landed.departures.push(departure),
            Self::Waiting => {}
        }
    }
}

impl Target {
    pub(super) async fn change(&self, person: Person) -> Landed {
        let id = user_id(&person.account, &self.values.ids);
        let found = match self.api.user(&self.pool, &id).await {
            Ok(Some(found)) => found,
            // Left open: the next pass looks again, and imports the user if nobody finds it.
            Ok(None) => return Landed::done(Vec::new()),
            Err(error) => return Landed::failed(error.into()),
        };
        let mut landed = Landed::done(Vec::new());
        match self.bring_in_line(person, found).await {
            Ok(brought) => brought.land(&mut landed),
            Err(answer) => landed.answer = answer,
        }
        landed
    }

    /// Sends what differs, and settles the account with what was sent.
    pub(super) async fn bring_in_line(&self, person: Person, found: Versioned<User>) -> Result<Brought, Answer> {
        let shown = found.value.clone();
        let mut change = Change {
            target: self,
            id: shown.id.clone(),
            now: person.account.clone().adopted(),
            person: &person,
            has_changed: false,
            has_sent_status: false,
            is_waiting: false,
            issue: None,
        };
        change.profile_and_status(found).await?;
        if !change.is_waiting {
            change.user_name(&shown).await?;
            change.address(&shown).await?;
        }
        Ok(change.finish(shown.status))
    }
}

/// One user on the way from what is shown to what the CRM has.
struct Change<'a> {
    target: &'a Target,
    person: &'a Person,
    id: UserId,
    /// The account as it is settled when the work ends here.
    now: Account,
    has_changed: bool,
    has_sent_status: bool,
    is_waiting: bool,
    issue: Option<Issue>,
}

impl Change<'_> {
    async fn profile_and_status(&mut self, found: Versioned<User>) -> Result<(), Answer> {
        let (wanted, account) = (&self.person.wanted, &self.person.account);
        let members = &self.target.settings.payload_members;
        let payload = wanted.import(&self.target.values.ids).payload(members);
        let names = members.names();
        let changes = |there: Option<&User>| {
            let before = there.and_then(|there| there.payload.as_ref());
            let mut merged: Map<String, Value> = before.cloned().unwrap_or_default();
            for name in names {
                merged.remove(name);
            }
            merged.extend(payload.clone());
            UserUpdate {
                status: due_status(there, account, wanted.status()),
                payload: (before != Some(&merged)).then_some(merged),
                if_match: None,
            }
        };
        let due = changes(Some(&found.value));
        if due.status.is_some() || due.payload.is_some() {
            match self.update(Some(found), changes).await {
                Ok(()) => {}
                Err(error) if is_refusal(&error) => {
                    let is_to_leave = due.status == Some(UserStatus::Inactive);
                    // Whoever is to have no access loses it, also if SecureAuth refuses the profile.
                    if is_to_leave && (due.payload.is_none() || !self.status_only().await?) {
                        self.report(Field::Status, Code::NotDeactivated, &error);
                    } else {
                        self.report(Field::User, Code::Refused, &error);
                    }
                    return Ok(());
                }
                // Somebody deleted the user meanwhile. The next pass looks for it.
                Err(error) if error.is_not_found() => {
                    self.is_waiting = true;
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
            self.has_changed = true;
            self.has_sent_status = due.status.is_some();
        }
        self.now.profile_hash = wanted.hashes().profile;
        self.now.status_sent = Some(wanted.status());
        self.now.returning = false;
        Ok(())
    }

    /// Whether the user has no access now.
    async fn status_only(&mut self) -> Result<bool, Answer> {
        match self.update(None, update_user::inactive).await {
            Ok(()) => {
                self.has_sent_status = true;
                self.now.status_sent = Some(Status::Inactive);
                self.now.returning = false;
                Ok(true)
            }
            Err(error) if is_refusal(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn update(
        &self,
        found: Option<Versioned<User>>,
        changes: impl Fn(Option<&User>) -> UserUpdate + Send,
    ) -> Result<(), ApiError> {
        update_user::update(&self.target.api, &self.target.pool, &self.id, found, changes).await
    }

    /// Adds the new user name, then removes the old one.
    async fn user_name(&mut self, shown: &User) -> Result<(), Answer> {
        let (wanted, account) = (&self.person.wanted, &self.person.account);
        let new = wanted.hashes().name;
        if account.name_hash == new && !account.open {
            return Ok(());
        }
        let ignores_case = self.target.values.case_insensitive;
        let hash = |text: &str| Some(name_hash(text, ignores_case));
        if !shown.identifiers.iter().any(|it| hash(&it.identifier) == new) {
            let added = self.target.add(&self.id, Part::UserName, wanted.user_name()).await;
            if !self.is_added(added, Part::UserName).await? {
                return Ok(());
            }
        }
        let old = account.name_hash.filter(|old| Some(*old) != new);
        let mut is_only_name = true;
        for it in shown.identifiers.iter().filter(|it| it.kind == "uid") {
            let this = hash(&it.identifier);
            if this != new && (this == old || self.may_be_left_over()) {
                is_only_name &= self.remove(Part::UserName, &it.identifier).await?;
            }
        }
        if is_only_name {
            self.now.name_hash = new;
        }
        Ok(())
    }

    /// Adds the new address, then removes the old one, and the identifier that a person's own activation made of it.
    async fn address(&mut self, shown: &User) -> Result<(), Answer> {
        let (wanted, account) = (&self.person.wanted, &self.person.account);
        let new = wanted.hashes().address;
        if account.address_hash == new && !account.open {
            return Ok(());
        }
        let mut addresses = shown.verifiable_addresses.iter();
        if !addresses.any(|it| Some(address_hash(&it.address)) == new) {
            let added = self.target.add(&self.id, Part::Address, wanted.email()).await;
            if !self.is_added(added, Part::Address).await? {
                return Ok(());
            }
        }
        let old = account.address_hash.filter(|old| Some(*old) != new);
        let mut is_only_address = true;
        for it in shown.verifiable_addresses.iter().filter(|it| it.kind == "email") {
            let this = Some(address_hash(&it.address));
            if this != new && (this == old || self.may_be_left_over()) {
                is_only_address &= self.remove(Part::Address, &it.address).await?;
            }
        }
        let own_name = fold(wanted.user_name(), self.target.values.case_insensitive);
        for it in shown.identifiers.iter().filter(|it| it.kind == "email") {
            let is_user_name = fold(&it.identifier, self.target.values.case_insensitive) == own_name;
            if old.is_some() && Some(address_hash(&it.identifier)) == old && !is_user_name {
                is_only_address &= self.remove(Part::UserName, &it.identifier).await?;
            }
        }
        if is_only_address {
            self.now.address_hash = new;
        }
        Ok(())
    }

    /// A call without an outcome may have left values with the user that no row names any more. Nobody else's are touched: an adopted
    /// user keeps what it had.
    fn may_be_left_over(&self) -> bool {
        self.person.account.open && self.person.account.origin == AccountOrigin::Imported
    }

    /// Whether the value is gone. A refusal is reported, and the next sync tries again.
    async fn remove(&mut self, part: Part, value: &str) -> Result<bool, Answer> {
        match self.target.remove(&self.id, part, value).await {
            Ok(Removal::Gone) => {
                self.has_changed = true;
                Ok(true)
            }
            Ok(Removal::Shown) => Err(Answer::not_shown()),
            Err(error) if is_refusal(&error) => {
                self.report(part.field(), Code::Refused, &error);
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the user has the value now. If somebody else has it, its holder either gives it up or is reported.
    async fn is_added(&mut self, added: Result<(), ApiError>, part: Part) -> Result<bool, Answer> {
        let field = part.field();
        let conflict = match added {
            Ok(()) => {
                self.has_changed = true;
                return Ok(true);
            }
            Err(error) if error.is_conflict() => error,
            // Somebody deleted the user meanwhile. The next pass looks for it.
            Err(error) if error.is_not_found() => {
                self.is_waiting = true;
                return Ok(false);
            }
            Err(error) if is_refusal(&error) => {
                self.report(field, Code::Refused, &error);
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        let holder = match self.target.holder(self.person, part).await? {
            Who::Itself => return Ok(true),
            // It may be the conflict with an attempt of the same call that was lost and takes effect later.
            _ if conflict.outcome_unknown() => return Err(conflict.into()),
            Who::Nobody => {
                self.report(field, Code::Refused, &conflict);
                return Ok(false);
            }
            Who::Another(holder) => holder,
        };
        match self.target.conflict(self.person, &holder, part).await? {
            Conflict::Claimed => self.is_waiting = true,
            Conflict::Held(held_by) | Conflict::Stranger(held_by) => {
                let user = self.person.account.user_guid;
                self.issue.get_or_insert(Issue::held(user, field, held_by));
            }
        }
        Ok(false)
    }

    fn report(&mut self, field: Field, code: Code, refusal: &ApiError) {
        if code.is_data_error() {
            self.target.flow.refused(details_of(refusal));
        }
        let user = Some(self.person.account.user_guid);
        self.issue.get_or_insert(Issue::of(user, field, code));
    }
}

/// The status to send: when it is another one than was sent, or, where that is not known, than is shown.
fn due_status(there: Option<&User>, account: &Account, wanted: Status) -> Option<UserStatus> {
    let shown = there.and_then(|there| there.status);
    let is_due = match account.status_sent {
        Some(before) => before != wanted,
        None => shown != Some(sent(wanted)),
    };
    is_due.then(|| status_to_send(there, sent(wanted))).flatten()
}

/// SecureAuth refuses this user's data; that the user is not there says nothing of them.
fn is_refusal(error: &ApiError) -> bool {
    error.is_refusal() && !error.is_not_found()
}
