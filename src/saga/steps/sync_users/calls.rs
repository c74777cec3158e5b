//! Makes the calls of a pass.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::super::super::step_error::{StepError, details_of};
use super::conflict::{Part, Who};
use super::leave::Departure;
use super::person::{Person, user_id};
use super::settled::Settled;
use super::target::Target;
use super::work::{Sibling, Work};
use crate::domain::reason::Reason;
use crate::domain::run_error::ErrorDetails;
use crate::store::StoreError;
use ic_secureauth_api::{ApiError, Class, ImportChunk};

/// What came of one work.
pub(super) struct Landed {
    pub(super) settled: Vec<Settled>,
    /// Users without access, who are settled when their sessions are ended.
    pub(super) departures: Vec<Departure>,
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
    /// Neither the user nor somebody else with its name is there, so something is wrong with its data.
    pub(super) explained: bool,
    /// SecureAuth's code, or the HTTP status without one.
    pub(super) code: String,
    pub(super) details: ErrorDetails,
}

impl Landed {
    pub(super) fn done(settled: Vec<Settled>) -> Self {
        Self {
            settled,
            departures: Vec::new(),
            people: Vec::new(),
            sibling: None,
            answer: Answer::Done,
        }
    }

    pub(super) fn departing(departures: Vec<Departure>) -> Self {
        Self {
            departures,
            ..Self::done(Vec::new())
        }
    }

    pub(super) fn failed(answer: Answer) -> Self {
        Self {
            answer,
            ..Self::done(Vec::new())
        }
    }
}

impl Answer {
    /// What SecureAuth answers and what it shows contradict each other.
    pub(super) fn not_shown() -> Self {
        Self::Failed {
            error: StepError::not_shown(),
            is_answered: true,
        }
    }
}

/// One attempt without an answer is no reason to give up. An answered call was repeated already where that is of use.
impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        Self::Failed {
            is_answered: error.class() == Class::NotStarted || error.status().is_some() || !error.outcome_unknown(),
            error: error.into(),
        }
    }
}

/// The pass cannot go on without the database.
impl From<StoreError> for Answer {
    fn from(error: StoreError) -> Self {
        Self::Failed {
            error: error.into(),
            is_answered: true,
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
            Work::Keep { page, account, issue } => self.keep(page, account, issue).boxed(),
            Work::Find(doubted) => self.find(doubted).boxed(),
            Work::Leave(leaver) => self.leave(leaver).boxed(),
            Work::Revoke(departures) => self.revoke(departures).boxed(),
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
            for person in absent {
                let settled = Settled::imported(&person);
                // A user of an open account may have sessions from before somebody deleted it.
                if look && person.wanted.is_inactive() {
                    let user = user_id(&person.account, &self.values.ids);
                    landed.departures.push(Departure { user, settled });
                } else {
                    landed.settled.push(settled);
                }
            }
        } else {
            landed.people = absent;
        }
        landed
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
                    error: StepError::permanent(Reason::SecureauthRefused),
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
            Err(error) if error.is_not_found() && self.created => Answer::not_shown(),
            // An earlier attempt of a call whose last answer is a refusal may still take effect.
            Err(error) if error.is_refusal() && !error.is_not_found() => {
                let status = error.status().unwrap_or_default().to_string();
                Answer::Refused(Refusal {
                    conflict: error.is_conflict(),
                    explained: false,
                    code: error.error_code().map_or(status, str::to_owned),
                    details: details_of(&error),
                })
            }
            Err(error) => error.into(),
        }
    }

    /// Looks at a user whom SecureAuth refuses, before its account goes: a refused chunk may have had an effect. A user who is there
    /// is brought in line. If somebody else has the name, the holder decides; a list may not show it yet.
    async fn explain(&self, person: Person, refusal: Refusal) -> Landed {
        self.try_explain(person, refusal).await.unwrap_or_else(Landed::failed)
    }

    async fn try_explain(&self, person: Person, refusal: Refusal) -> Result<Landed, Answer> {
        let id = user_id(&person.account, &self.values.ids);
        let found = self.api.user(&self.pool, &id).await?;
        let mut landed = Landed::done(Vec::new());
        if let Some(found) = found {
            self.bring_in_line(person, found).await?.land(&mut landed);
            return Ok(landed);
        }
        let mut part = Part::UserName;
        let mut who = Who::Nobody;
        if refusal.conflict {
            who = self.holder(&person, part).await?;
        }
        if refusal.conflict && !matches!(who, Who::Another(_)) && self.settings.address_verified {
            part = Part::Address;
            who = self.holder(&person, part).await?;
        }
        let Who::Another(holder) = who else {
            landed.people = vec![person];
            landed.answer = Answer::Refused(Refusal {
                explained: true,
                ..refusal
            });
            return Ok(landed);
        };
        self.give_way(&person, &holder, part).await?.land(&mut landed);
        Ok(landed)
    }
}
