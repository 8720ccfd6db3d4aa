//! One part of a batch, asked until each of its items has its outcome.

use std::sync::Arc;
use std::time::Duration;

use cartwheel::message::client::{Outcomes, RequestError};
use tokio::time::sleep;

use super::Item;
use crate::attempts::Effect;
use crate::connection_error::BadAnswer;
use crate::error::Error;
use crate::exchange::{Answered, Exchange};
use crate::pauses::Pauses;
use crate::settings::Settings;
use crate::time_limit::TimeLimit;

/// The items of one frame, and what became of each so far.
pub(super) struct Part<I: Item> {
    places: Vec<Place<I>>,
    pauses: Pauses,
}

struct Place<I: Item> {
    item: I,
    state: State<I::Done>,
    /// How often it was asked for.
    attempts: u32,
    /// An earlier attempt of this write may have been kept.
    in_doubt: bool,
}

enum State<Done> {
    /// To be asked for.
    Waiting,
    /// Refused, perhaps for the moment only.
    Refused(RequestError),
    Settled(Result<Done, Error>),
}

impl<I: Item> Part<I> {
    pub(super) fn new(items: Vec<I>, settings: &Arc<Settings>) -> Self {
        let places = items.into_iter().map(|item| Place {
            item,
            state: State::Waiting,
            attempts: 1,
            in_doubt: false,
        });
        Self {
            places: places.collect(),
            pauses: Pauses::new(settings),
        }
    }

    /// Asks for all items, and again for those that were refused for the moment.
    pub(super) async fn ask(
        mut self,
        exchange: &Exchange,
        time: TimeLimit,
    ) -> Vec<Result<I::Told, Error>> {
        loop {
            let items: Vec<I> = self.unsettled().map(|place| place.item.clone()).collect();
            let asked = items.len();
            match ask_once(exchange, items, time).await {
                Ok(answered) => self.take(answered),
                Err(error) => self.settle_all(&error),
            }
            match self.pause(asked).filter(|pause| time.allows(*pause)) {
                Some(pause) => sleep(pause).await,
                None => return self.outcomes(),
            }
            self.unsettled().for_each(Place::begin_again);
        }
    }

    fn unsettled(&mut self) -> impl Iterator<Item = &mut Place<I>> {
        let places = self.places.iter_mut();
        places.filter(|place| !matches!(place.state, State::Settled(_)))
    }

    fn take(&mut self, answered: Answered<Outcomes<I::Done>>) {
        for (place, outcome) in self.unsettled().zip(answered.reply.items) {
            // An earlier attempt at the same frame was one at each of its items.
            place.attempts += answered.failed;
            place.in_doubt |= answered.in_doubt;
            place.state = match outcome {
                Ok(done) => State::Settled(Ok(done)),
                Err(refusal) if may_change(&refusal) => State::Refused(refusal),
                Err(refusal) => State::Settled(Err(place.error(Error::Refused(refusal)))),
            };
        }
    }

    fn settle_all(&mut self, error: &Error) {
        for place in self.unsettled() {
            place.state = State::Settled(Err(place.error(error.clone())));
        }
    }

    /// How long to wait before the rest is asked for again; none if that is of no use.
    fn pause(&mut self, asked: usize) -> Option<Duration> {
        let refusals: Vec<RequestError> = self.refusals().cloned().collect();
        let too_large =
            |refusal: &RequestError| matches!(refusal, RequestError::AnswerTooLarge { .. });
        if refusals.iter().all(too_large) {
            // What did not fit beside the others is asked for without them: as long as some
            // did fit, this comes to an end.
            let fewer = !refusals.is_empty() && refusals.len() < asked;
            return fewer.then_some(Duration::ZERO);
        }
        let slowest = refusals.iter().filter(|refusal| !too_large(refusal));
        let slowest = slowest.max_by_key(|refusal| retry_after_ms(refusal))?;
        self.pauses.after(slowest)
    }

    fn refusals(&self) -> impl Iterator<Item = &RequestError> {
        self.places.iter().filter_map(|place| match &place.state {
            State::Refused(refusal) => Some(refusal),
            _ => None,
        })
    }

    fn outcomes(self) -> Vec<Result<I::Told, Error>> {
        self.places.into_iter().filter_map(Place::outcome).collect()
    }
}

impl<I: Item> Place<I> {
    fn begin_again(&mut self) {
        if let State::Refused(refusal) = &self.state {
            self.in_doubt |= I::EFFECT == Effect::Write && refusal.leaves_the_outcome_open();
        }
        self.state = State::Waiting;
        self.attempts += 1;
    }

    fn error(&self, error: Error) -> Error {
        match self.in_doubt {
            true => error.in_doubt(self.attempts),
            false => error,
        }
    }

    fn outcome(self) -> Option<Result<I::Told, Error>> {
        match self.state {
            State::Settled(outcome) => Some(outcome.map(|done| I::told(done, self.in_doubt))),
            State::Refused(ref refusal) => Some(Err(self.error(Error::Refused(refusal.clone())))),
            // Every round settles or refuses all that it asked for.
            State::Waiting => None,
        }
    }
}

fn may_change(refusal: &RequestError) -> bool {
    refusal.is_worth_a_retry() || matches!(refusal, RequestError::AnswerTooLarge { .. })
}

fn retry_after_ms(refusal: &RequestError) -> u32 {
    match refusal {
        RequestError::Overloaded { retry_after_ms } => *retry_after_ms,
        _ => 0,
    }
}

async fn ask_once<I: Item>(
    exchange: &Exchange,
    items: Vec<I>,
    time: TimeLimit,
) -> Result<Answered<Outcomes<I::Done>>, Error> {
    let asked = items.len();
    let batch = I::batch(items);
    let outcomes = exchange.ask_for_account(&batch, I::EFFECT, time).await?;
    let answered = outcomes.reply.items.len();
    if answered != asked {
        let cause = BadAnswer::Outcomes { asked, answered };
        return Err(Error::bad_answer(&outcomes.connection, cause, I::EFFECT));
    }
    Ok(outcomes)
}
