//! Get (rule 4): local replica first, digests to the others, hedged when they are slow.

use bytes::Bytes;

use super::operation::{Common, Event, Places, Turn};
use super::reading::{Reading, Verdict};
use super::write::RETRY_AFTER_MS;
use crate::config::ReadFanout;
use crate::limits::ANSWER_VALUES_LEN_MAX;
use crate::message::client::{ExplainStep, Got, RequestError};
use crate::message::encode;
use crate::message::replica::{ReplicaAnswer, ReplicaError};
use crate::planted_bug::{self, PlantedBug};
use crate::quorum::{Progress, Tracker};
use crate::replica::{Excerpt, siblings_of};
use crate::time::Moment;
use crate::version::{Digest, History, Record};

#[derive(Debug)]
pub(super) struct ReadState {
    /// Who has answered.
    tracker: Tracker,
    /// Who holds the merged record; only once answers have differed.
    repair: Option<Tracker>,
    /// What the client has seen and the answer has to cover.
    seen: History,
    reading: Reading,
    asked: Places,
    /// The digest of the local record, once it was read.
    digest: Option<Digest>,
    hedge_at: Moment,
    hedged: bool,
    /// Whether an answer came while the repair was under way.
    late: bool,
    /// The owners that the repair has been sent to.
    repair_tried: Places,
}

impl ReadState {
    pub(super) fn start<C>(common: &mut Common<C>, seen: History, turn: &mut Turn<'_, C>) -> Self {
        let quorum = common.quorum;
        let mut read = Self {
            tracker: Tracker::new(&common.target.preference, quorum.n, quorum.r),
            repair: None,
            seen,
            reading: Reading::default(),
            asked: Places::default(),
            digest: None,
            hedge_at: turn.now.after(turn.options.hedge_after(turn.p95)),
            hedged: false,
            late: false,
            repair_tried: Places::default(),
        };
        if let Some(own) = common.place(turn.node) {
            read.ask(common, own, turn);
        }
        read
    }

    pub(super) fn on_event<C>(
        &mut self,
        common: &mut Common<C>,
        place: usize,
        event: Event,
        turn: &mut Turn<'_, C>,
    ) {
        match event {
            Event::Got(ReplicaAnswer::Failed(error)) | Event::GetFailed(error) => {
                if common.get_answered(place, turn) {
                    self.get_failed(common, place, error, turn);
                }
            }
            Event::Got(answer) => {
                if common.get_answered(place, turn) {
                    self.got(common, place, answer, turn);
                }
            }
            Event::Stored => {
                if common.put_answered(place, turn) {
                    common.note(place, turn.now, || ExplainStep::Stored);
                    self.repaired(common, place, turn);
                }
            }
            Event::PutFailed(error) => {
                if common.put_answered(place, turn) {
                    self.repair_failed(common, place, error, turn);
                }
            }
            Event::Prepared(_) | Event::Refused(_) => {}
        }
    }

    /// Asks those that were not asked yet, once the others have been slow.
    pub(super) fn hedge<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        if self.hedged || turn.now < self.hedge_at || self.repair.is_some() {
            return;
        }
        self.hedged = true;
        for place in self.unasked(common) {
            if self.ask(common, place, turn) {
                common.note(place, turn.now, || ExplainStep::Hedged);
            }
        }
        self.settle(common, turn);
    }

    pub(super) fn time_out<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        let tracker = self.repair.as_ref().unwrap_or(&self.tracker);
        common.time_out(tracker.tally(), turn);
    }

    fn got<C>(
        &mut self,
        common: &mut Common<C>,
        place: usize,
        answer: ReplicaAnswer,
        turn: &mut Turn<'_, C>,
    ) {
        let own = common.owner(place) == turn.node;
        if !own {
            turn.p95.observe(turn.now.since(common.started));
        }
        if let ReplicaAnswer::Record(record) = &answer {
            common.held += record.len();
        }
        if !self.reading.take(place, answer) {
            return self.get_failed(common, place, ReplicaError::Malformed, turn);
        }
        common.note(place, turn.now, || self.reading.explain(place));
        if own {
            self.digest = self.reading.compare_with(place);
        }
        self.tracker.acknowledge(common.owner(place));
        if common.is_answered() {
            return self.repair_late(common, turn);
        }
        if self.repair.is_some() {
            return self.late_holder(common, place, turn);
        }
        if own {
            self.ask_enough(common, turn);
        }
        self.settle(common, turn);
    }

    fn get_failed<C>(
        &mut self,
        common: &mut Common<C>,
        place: usize,
        error: ReplicaError,
        turn: &mut Turn<'_, C>,
    ) {
        common.note(place, turn.now, || ExplainStep::Failed(error.to_string()));
        self.tracker.fail(common.owner(place));
        if common.is_answered() {
            return self.repair_late(common, turn);
        }
        if self.repair.is_some() {
            self.late = true;
            return;
        }
        if error == ReplicaError::Overloaded && common.owner(place) == turn.node {
            // To ask the others for whole records in its place would make it worse.
            let retry_after_ms = RETRY_AFTER_MS;
            return common.answer(Err(RequestError::Overloaded { retry_after_ms }), turn);
        }
        self.ask_enough(common, turn);
        self.settle(common, turn);
    }

    /// Asks so many owners that the quorum can be met by those who were asked.
    fn ask_enough<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        for place in self.unasked(common) {
            let tally = self.tracker.tally();
            let hoped = tally.acknowledged + common.gets.count();
            let all = turn.options.read_fanout == ReadFanout::All;
            if hoped >= tally.required && !all {
                return;
            }
            if self.ask(common, place, turn) {
                common.note(place, turn.now, || ExplainStep::Asked);
            }
        }
    }

    /// False if the owner can't be asked; it has failed then.
    fn ask<C>(&mut self, common: &mut Common<C>, place: usize, turn: &mut Turn<'_, C>) -> bool {
        self.asked.add(place);
        match common.send_get(place, self.digest, turn) {
            Ok(()) => true,
            Err(error) => {
                self.tracker.fail(common.owner(place));
                common.note(place, turn.now, || ExplainStep::Failed(error.to_string()));
                false
            }
        }
    }

    fn unasked<C>(&self, common: &Common<C>) -> Vec<usize> {
        let places = 0..common.target.owners().len();
        places.filter(|place| !self.asked.has(*place)).collect()
    }

    fn settle<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        if common.is_answered() || self.repair.is_some() {
            return;
        }
        match self.tracker.progress() {
            Progress::Pending => {}
            Progress::Unreachable => common.unreachable(self.tracker.tally(), turn),
            Progress::Met => self.conclude(common, turn),
        }
    }

    /// Enough have answered: do they agree, and have they seen what the client has?
    fn conclude<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        let verdict = self.reading.verdict(common.target.bucket.conflict);
        if !self.seen.is_empty() && !self.reading.covers(&self.seen) {
            return self.ask_on(common, turn);
        }
        match verdict {
            Verdict::Agreed => self.answer(common, turn),
            Verdict::Differ if planted_bug::is(PlantedBug::AnswerBeforeTheRepair) => {
                self.answer(common, turn);
            }
            Verdict::Differ => self.start_repair(common, turn),
        }
    }

    fn ask_on<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        for place in self.unasked(common) {
            if self.ask(common, place, turn) {
                common.note(place, turn.now, || ExplainStep::Asked);
            }
        }
        if common.gets.is_empty() {
            let asked = self.tracker.tally().acknowledged;
            common.answer(Err(RequestError::NotCaughtUp { asked }), turn);
        }
    }

    /// The merge goes back to enough owners to make W *before* the answer: else the next
    /// read could miss what this one has shown.
    fn start_repair<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        let quorum = common.quorum;
        let mut repair = Tracker::new(&common.target.preference, quorum.n, quorum.w);
        let owners = 0..common.target.owners().len();
        let holders = owners
            .clone()
            .filter(|place| self.reading.holds_merged(*place));
        holders.for_each(|place| repair.acknowledge(common.owner(place)));
        let stale: Vec<usize> = owners
            .filter(|place| self.reading.is_stale(*place))
            .collect();
        self.repair = Some(repair);
        for place in stale {
            common.note(place, turn.now, || ExplainStep::Stale);
            self.send_repair(common, place, turn);
        }
        self.widen_repair(common, turn);
        self.settle_repair(common, turn);
    }

    fn send_repair<C>(&mut self, common: &mut Common<C>, place: usize, turn: &mut Turn<'_, C>) {
        let record = self.reading.merged();
        self.repair_tried.add(place);
        match common.send_put(place, &record, turn) {
            Ok(()) => {
                self.reading.sent_merged(place);
                common.note(place, turn.now, || ExplainStep::Repaired);
            }
            Err(error) => {
                common.note(place, turn.now, || ExplainStep::Failed(error.to_string()));
                if let Some(repair) = &mut self.repair {
                    repair.fail(common.owner(place));
                }
            }
        }
    }

    /// Where the stale owners are too few to make W, others get the record too, each once.
    fn widen_repair<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        for place in 0..common.target.owners().len() {
            let Some(tally) = self.repair.as_ref().map(Tracker::tally) else {
                return;
            };
            if tally.acknowledged + common.puts.count() >= tally.required {
                return;
            }
            let corrupt = common.corrupt.has(place);
            let idle = !self.reading.has_answered(place) && !self.repair_tried.has(place);
            if idle && !corrupt {
                self.send_repair(common, place, turn);
            }
        }
    }

    fn repaired<C>(&mut self, common: &mut Common<C>, place: usize, turn: &mut Turn<'_, C>) {
        if let Some(repair) = &mut self.repair {
            repair.acknowledge(common.owner(place));
        }
        self.settle_repair(common, turn);
    }

    fn repair_failed<C>(
        &mut self,
        common: &mut Common<C>,
        place: usize,
        error: ReplicaError,
        turn: &mut Turn<'_, C>,
    ) {
        common.note(place, turn.now, || ExplainStep::Failed(error.to_string()));
        if let Some(repair) = &mut self.repair {
            repair.fail(common.owner(place));
        }
        if !common.is_answered() {
            self.widen_repair(common, turn);
            self.settle_repair(common, turn);
        }
    }

    fn settle_repair<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        let Some(repair) = &self.repair else {
            return;
        };
        if common.is_answered() {
            return;
        }
        match repair.progress() {
            Progress::Pending => return,
            Progress::Met => self.answer(common, turn),
            Progress::Unreachable => common.unreachable(repair.tally(), turn),
        }
        self.repair_late(common, turn);
    }

    /// An answer that comes while a repair is under way waits for its end: what it brings is
    /// not on enough owners to be shown. If it is what the repair sends, that is one more.
    fn late_holder<C>(&mut self, common: &mut Common<C>, place: usize, turn: &mut Turn<'_, C>) {
        if self.reading.holds_merged(place) {
            return self.repaired(common, place, turn);
        }
        self.late = true;
    }

    /// Answers that came late: what they bring is sent to those who lack it, and what they
    /// lack to them. Nobody waits for that.
    fn repair_late<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        if planted_bug::is(PlantedBug::DropTheLateRepair) {
            return;
        }
        let rule = common.target.bucket.conflict;
        if !self.reading.has_unmerged() || self.reading.verdict(rule) == Verdict::Agreed {
            return;
        }
        for place in 0..common.target.owners().len() {
            if self.reading.is_stale(place) && !common.puts.has(place) {
                common.note(place, turn.now, || ExplainStep::Stale);
                self.send_repair(common, place, turn);
            }
        }
    }

    fn answer<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        let record: &Record = self.reading.record();
        if record.values_len() > ANSWER_VALUES_LEN_MAX {
            let error = too_large(record, common, turn);
            return common.answer(Err(error), turn);
        }
        let target = &common.target;
        let context = match record.history().is_empty() {
            true => Bytes::new(),
            false => record
                .context()
                .seal(turn.secret, target.bucket.id, &target.key),
        };
        let got = Got {
            values: siblings_of(record),
            context,
            explain: common.explain.take(),
        };
        common.answer(Ok(encode(&got)), turn);
    }
}

/// A record that only merging makes: the client resolves it piece by piece.
fn too_large<C>(record: &Record, common: &Common<C>, turn: &Turn<'_, C>) -> RequestError {
    let excerpt = Excerpt::of(record, ANSWER_VALUES_LEN_MAX);
    let target = &common.target;
    RequestError::RecordTooLarge {
        siblings: record.siblings() as u64,
        bytes: record.values_len() as u64,
        bytes_max: ANSWER_VALUES_LEN_MAX as u64,
        values: excerpt.values,
        context: excerpt
            .context
            .seal(turn.secret, target.bucket.id, &target.key),
    }
}
