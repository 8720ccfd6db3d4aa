//! Put and delete (rule 3): own replica first, then all owners at once.

use bytes::Bytes;

use super::effect::LocalWork;
use super::operation::{Common, Event, Turn};
use crate::message::client::{Deleted, ExplainStep, PutDone, RequestError};
use crate::message::encode;
use crate::message::replica::ReplicaError;
use crate::planted_bug::{self, PlantedBug};
use crate::quorum::{Progress, Tracker};
use crate::replica::{ClientWrite, Prepared};
use crate::version::Context;

/// How long an overloaded node asks its clients to wait.
pub(super) const RETRY_AFTER_MS: u32 = 50;

#[derive(Debug)]
pub(super) struct WriteState {
    tracker: Tracker,
    /// Nothing until the own replica has minted.
    context: Option<Context>,
    delete: bool,
}

impl WriteState {
    pub(super) fn start<C>(
        common: &mut Common<C>,
        write: ClientWrite,
        turn: &mut Turn<'_, C>,
    ) -> Self {
        let quorum = common.quorum;
        let required = quorum.w.max(quorum.dw);
        let delete = write.value.is_none();
        if let Some(place) = common.place(turn.node) {
            common.puts.add(place);
            common.note(place, turn.now, || ExplainStep::Asked);
        }
        common.local(LocalWork::Write(Box::new(write)), turn);
        Self {
            tracker: Tracker::new(&common.target.preference, quorum.n, required),
            context: None,
            delete,
        }
    }

    pub(super) fn on_event<C>(
        &mut self,
        common: &mut Common<C>,
        place: usize,
        event: Event,
        turn: &mut Turn<'_, C>,
    ) {
        match event {
            Event::Prepared(prepared) => self.replicate(common, place, *prepared, turn),
            Event::Refused(error) => {
                common.put_answered(place, turn);
                common.answer(Err(*error), turn);
            }
            Event::Stored => {
                if common.put_answered(place, turn) {
                    self.tracker.acknowledge(common.owner(place));
                    common.note(place, turn.now, || ExplainStep::Stored);
                    self.settle(common, turn);
                }
            }
            Event::PutFailed(error) => {
                if common.put_answered(place, turn) {
                    self.failed(common, place, error, turn);
                }
            }
            Event::Got(_) | Event::GetFailed(_) => {}
        }
    }

    /// The whole record leaves for the other owners while the own store syncs it: that is
    /// safe because every opening is a new origin.
    fn replicate<C>(
        &mut self,
        common: &mut Common<C>,
        own: usize,
        prepared: Prepared,
        turn: &mut Turn<'_, C>,
    ) {
        if let Some(dot) = prepared.dot {
            common.note(own, turn.now, || match prepared.repeated {
                true => ExplainStep::AlreadyWritten(dot),
                false => ExplainStep::Minted(dot),
            });
        }
        self.context = Some(prepared.context);
        if prepared.repeated && planted_bug::is(PlantedBug::AnswerARepeatAtOnce) {
            return self.answer(common, turn);
        }
        for place in 0..common.target.owners().len() {
            if place != own {
                self.send(common, place, &prepared.record, turn);
            }
        }
        self.settle(common, turn);
    }

    fn send<C>(
        &mut self,
        common: &mut Common<C>,
        place: usize,
        record: &Bytes,
        turn: &mut Turn<'_, C>,
    ) {
        match common.send_put(place, record, turn) {
            Ok(()) => common.note(place, turn.now, || ExplainStep::Asked),
            Err(error) => {
                self.tracker.fail(common.owner(place));
                common.note(place, turn.now, || ExplainStep::Failed(error.to_string()));
            }
        }
    }

    fn failed<C>(
        &mut self,
        common: &mut Common<C>,
        place: usize,
        error: ReplicaError,
        turn: &mut Turn<'_, C>,
    ) {
        common.note(place, turn.now, || ExplainStep::Failed(error.to_string()));
        if self.context.is_none() {
            // The own replica did not even queue it: nobody else was asked.
            let node = turn.node;
            let error = match error {
                ReplicaError::StoreFailed(cause) => RequestError::StoreFailed { node, cause },
                ReplicaError::Restarted => RequestError::Restarted { node },
                ReplicaError::Overloaded => RequestError::Overloaded {
                    retry_after_ms: RETRY_AFTER_MS,
                },
                _ => RequestError::NotStored { node },
            };
            return common.answer(Err(error), turn);
        }
        self.tracker.fail(common.owner(place));
        self.settle(common, turn);
    }

    fn settle<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        if common.is_answered() {
            return;
        }
        match self.tracker.progress() {
            Progress::Pending => {}
            Progress::Met => self.answer(common, turn),
            Progress::Unreachable => common.unreachable(self.tracker.tally(), turn),
        }
    }

    fn answer<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        let Some(context) = &self.context else {
            return;
        };
        let target = &common.target;
        let context = context.seal(turn.secret, target.bucket.id, &target.key);
        let explain = common.explain.take();
        let body = match self.delete {
            true => encode(&Deleted { context, explain }),
            false => encode(&PutDone { context, explain }),
        };
        common.answer(Ok(body), turn);
    }

    pub(super) fn time_out<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        common.time_out(self.tracker.tally(), turn);
    }
}
