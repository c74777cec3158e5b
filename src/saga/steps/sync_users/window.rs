//! Keeps calls in flight over the whole pass, and halves refused chunks in the same window
//! (docs/decisions.md#halving-a-refused-chunk).

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::{Receiver, Sender};

use super::super::super::step_error::{StepError, StepErrorKind};
use super::calls::{Answer, Landed, Refusal};
use super::leave::Departure;
use super::person::Person;
use super::settle::Event;
use super::settled::Settled;
use super::target::Target;
use super::work::{Sibling, Work};
use crate::domain::reason::Reason;
use ic_secureauth_api::MAX_REVOKED_USERS;

/// So many single users refused one after the other, with the same code and none accepted, are no data errors: SecureAuth
/// takes no user at all.
const REFUSED_IN_A_ROW: usize = 25;

/// So many works failed one after the other: SecureAuth is not there.
const FAILED_IN_A_ROW: u32 = 16;

/// The second of the three tasks of a pass.
pub(super) struct Window<'a> {
    target: &'a Target,
    events: Sender<Event>,
    /// Begun next, before anything from the producer.
    ready: Vec<Work>,
    flights: FuturesUnordered<BoxFuture<'a, Landed>>,
    /// Refused users that may turn out to be no data errors.
    refused: Vec<(Person, Refusal)>,
    /// They are none: SecureAuth takes no user at all.
    takes_nobody: bool,
    /// Not reported yet.
    settled: Vec<Settled>,
    /// Users whose sessions have to end.
    departures: Vec<Departure>,
    /// Works that failed since the last one that did not.
    failed_in_a_row: u32,
    /// The first answered failure.
    failure: Option<StepError>,
    /// Counts more than any failure: why the pass stops early, or that SecureAuth takes no user at all.
    verdict: Option<StepError>,
}

impl<'a> Window<'a> {
    pub(super) fn new(target: &'a Target, events: Sender<Event>) -> Self {
        Self {
            target,
            events,
            ready: Vec::new(),
            flights: FuturesUnordered::new(),
            refused: Vec::new(),
            takes_nobody: false,
            settled: Vec::new(),
            departures: Vec::new(),
            failed_in_a_row: 0,
            failure: None,
            verdict: None,
        }
    }

    /// Works until the producer has no more work, or the pass stops; calls that have begun are always waited for.
    pub(super) async fn run(mut self, mut works: Receiver<Work>) -> Result<(), StepError> {
        let mut more = true;
        while !self.target.flow.is_stopping() {
            self.begin();
            let has_room = self.flights.len() < self.target.share.in_flight();
            tokio::select! {
                Some(landed) = self.flights.next(), if !self.flights.is_empty() => self.land(landed).await,
                work = works.recv(), if more && has_room => match work {
                    Some(work) => self.ready.push(work),
                    None => more = false,
                },
                else => {
                    self.revoke();
                    if self.ready.is_empty() {
                        break;
                    }
                }
            }
        }
        works.close();
        self.drain().await;
        self.end_sessions().await;
        while let Some(work) = works.recv().await {
            self.ready.push(work);
        }
        if !self.ready.is_empty() {
            self.target.flow.cut();
        }
        self.refused_are_data_errors();
        self.settled
            .extend(std::mem::take(&mut self.ready).into_iter().flat_map(Work::left));
        self.report().await;
        self.verdict.or(self.failure).map_or(Ok(()), Err)
    }

    fn begin(&mut self) {
        while self.flights.len() < self.target.share.in_flight()
            && let Some(work) = self.ready.pop()
        {
            if self.takes_nobody && work.is_import() {
                self.settled.extend(work.left());
            } else {
                self.flights.push(self.target.start(work));
            }
        }
    }

    async fn drain(&mut self) {
        while let Some(landed) = self.flights.next().await {
            self.land(landed).await;
        }
    }

    /// Whoever has lost access keeps no session, also if the pass stops.
    async fn end_sessions(&mut self) {
        self.revoke();
        for work in self.ready.extract_if(.., |work| matches!(work, Work::Revoke(_))) {
            self.flights.push(self.target.start(work));
        }
        self.drain().await;
    }

    /// Hands out the users whose sessions have to end, as many as a call takes.
    fn revoke(&mut self) {
        let departures = std::mem::take(&mut self.departures);
        if !departures.is_empty() {
            self.ready.push(Work::Revoke(departures));
        }
    }

    async fn land(&mut self, landed: Landed) {
        let Landed {
            settled,
            departures,
            people,
            sibling,
            answer,
        } = landed;
        self.settled.extend(settled);
        for departure in departures {
            self.departures.push(departure);
            if self.departures.len() >= MAX_REVOKED_USERS {
                self.revoke();
            }
        }
        match answer {
            Answer::Done => {
                self.failed_in_a_row = 0;
                self.split_sibling(sibling);
            }
            Answer::Accepted => {
                self.failed_in_a_row = 0;
                self.refused_are_data_errors();
                self.split_sibling(sibling);
            }
            Answer::Refused(refusal) => {
                self.failed_in_a_row = 0;
                self.whole_sibling(sibling);
                self.split(people, refusal);
            }
            Answer::Failed { error, is_answered } => {
                self.whole_sibling(sibling);
                self.failed(error, is_answered);
            }
        }
        self.report().await;
    }

    /// A chunk that holds a refused record is halved. A single user is the refused one.
    fn split(&mut self, mut people: Vec<Person>, refusal: Refusal) {
        if people.len() > 1 {
            let right = people.split_off(people.len() / 2);
            self.ready.push(Work::Join {
                people,
                look: self.target.live,
                touched: true,
                sibling: Some(Sibling { people: right, refusal }),
            });
            return;
        }
        for person in people {
            self.refuse(person, refusal.clone());
        }
    }

    /// This half was accepted, so the other one holds the refused record: it is not sent whole.
    fn split_sibling(&mut self, sibling: Option<Sibling>) {
        if let Some(Sibling { people, refusal }) = sibling {
            self.split(people, refusal);
        }
    }

    /// This half was not accepted, so nothing is known of the other one.
    fn whole_sibling(&mut self, sibling: Option<Sibling>) {
        if let Some(Sibling { people, .. }) = sibling {
            self.ready.push(Work::Join {
                people,
                look: self.target.live,
                touched: true,
                sibling: None,
            });
        }
    }

    fn refuse(&mut self, person: Person, refusal: Refusal) {
        if !refusal.explained {
            self.ready.push(Work::Explain(person, refusal));
            return;
        }
        if self.refused.last().is_some_and(|(_, last)| last.code != refusal.code) {
            self.refused_are_data_errors();
        }
        self.refused.push((person, refusal));
        if let (REFUSED_IN_A_ROW, Some((_, refusal))) = (self.refused.len(), self.refused.last()) {
            tracing::error!(
                code = refusal.code,
                "SecureAuth refuses every user with the same code, so it is no data error"
            );
            self.takes_nobody = true;
            let nobody = StepError::permanent(Reason::SecureauthRefused).with(refusal.details.clone());
            // Somebody else may have to lose access.
            if self.target.created {
                self.stop(nobody);
            } else {
                self.verdict.get_or_insert(nobody);
            }
        }
    }

    fn refused_are_data_errors(&mut self) {
        let refused = std::mem::take(&mut self.refused).into_iter();
        if self.takes_nobody {
            return;
        }
        for (person, refusal) in refused {
            self.target.flow.refused(refusal.details);
            self.settled.push(Settled::refused(&person));
        }
    }

    /// A work that fails leaves its users open. One user's call that always fails must not keep others from losing access, so
    /// the pass goes on unless several works in a row fail. An answered failure is the outcome of the pass; a lost answer alone is
    /// none, as the next pass looks.
    fn failed(&mut self, error: StepError, is_answered: bool) {
        self.failed_in_a_row += 1;
        let is_hopeless = matches!(
            error.kind,
            StepErrorKind::LeaseLost
                | StepErrorKind::Store(_)
                | StepErrorKind::Stuck(_)
                | StepErrorKind::Paused { .. }
                | StepErrorKind::NoTurn { .. }
        );
        if is_hopeless || self.failed_in_a_row >= FAILED_IN_A_ROW {
            self.stop(error);
        } else if is_answered {
            self.failure.get_or_insert(error);
        }
    }

    fn stop(&mut self, error: StepError) {
        self.target.flow.stop();
        self.verdict.get_or_insert(error);
    }

    async fn report(&mut self) {
        let settled = std::mem::take(&mut self.settled);
        if !settled.is_empty() {
            self.target.flow.made_progress();
            // The receiver ends after the last sender.
            let _ = self.events.send(Event::Settled(settled)).await;
        }
    }
}
