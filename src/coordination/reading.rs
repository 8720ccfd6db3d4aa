//! What the owners of a key have answered to a read, and what it comes to.

use bytes::Bytes;

use crate::message::client::ExplainStep;
use crate::message::replica::ReplicaAnswer;
use crate::version::{ConflictRule, Digest, History, Record};

/// Whether the answers are one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Agreed,
    Differ,
}

/// The answers by place, and their merge.
#[derive(Debug, Default)]
pub(super) struct Reading {
    answers: Vec<Answer>,
    /// What others were asked to compare with.
    compared: Option<Digest>,
    /// The merge of what had been answered when it was last asked for.
    merged: Record,
    encoded: Option<Bytes>,
    merged_digest: Option<Digest>,
    merged_answers: usize,
}

#[derive(Debug)]
struct Answer {
    place: usize,
    /// Nothing: the owner has no record, or one that does not decode.
    digest: Option<Digest>,
    /// Nothing also where the answer was `Same`.
    record: Option<Bytes>,
    same: bool,
    undecodable: bool,
}

impl Reading {
    /// Takes an answer; false if its record is malformed.
    pub(super) fn take(&mut self, place: usize, answer: ReplicaAnswer) -> bool {
        let (digest, record, same) = match answer {
            ReplicaAnswer::Same => (self.compared, None, true),
            ReplicaAnswer::Absent | ReplicaAnswer::Failed(_) => (None, None, false),
            ReplicaAnswer::Record(record) => match Record::digest_of(&record) {
                Ok(digest) => (Some(digest), Some(record), false),
                Err(_) => return false,
            },
        };
        self.push(place, digest, record, same);
        true
    }

    fn push(&mut self, place: usize, digest: Option<Digest>, record: Option<Bytes>, same: bool) {
        if self.has_answered(place) {
            self.answers.retain(|answer| answer.place != place);
            // Merging again what was merged changes nothing.
            self.merged_answers = 0;
        }
        self.answers.push(Answer {
            place,
            digest,
            record,
            same,
            undecodable: false,
        });
    }

    /// From now on others are asked to compare with the record of this place; answers its
    /// digest.
    pub(super) fn compare_with(&mut self, place: usize) -> Option<Digest> {
        self.compared = self.answer(place)?.digest;
        self.compared
    }

    /// The merge is on its way to a place, which is not stale from now on.
    pub(super) fn sent_merged(&mut self, place: usize) {
        let merged = self.merged_digest;
        let sent = self
            .answers
            .iter_mut()
            .filter(|answer| answer.place == place);
        sent.for_each(|answer| (answer.digest, answer.undecodable) = (merged, false));
    }

    pub(super) fn has_answered(&self, place: usize) -> bool {
        self.answer(place).is_some()
    }

    /// Whether something has come since the answers were last merged.
    pub(super) fn has_unmerged(&self) -> bool {
        self.merged_answers < self.answers.len()
    }

    /// Merges what has come; cheap where every answer is the same.
    pub(super) fn verdict(&mut self, rule: ConflictRule) -> Verdict {
        let before = self.merged_digest;
        for at in self.merged_answers..self.answers.len() {
            self.merge(at, rule);
        }
        self.merged_answers = self.answers.len();
        if before != self.merged_digest {
            self.encoded = None;
        }
        let whole = self.merged_digest;
        let agrees = |answer: &Answer| answer.digest == whole && !answer.undecodable;
        match self.answers.iter().all(agrees) {
            true => Verdict::Agreed,
            false => Verdict::Differ,
        }
    }

    fn merge(&mut self, at: usize, rule: ConflictRule) {
        let answer = &mut self.answers[at];
        let Some(record) = &answer.record else {
            return;
        };
        if answer.digest == self.merged_digest {
            return;
        }
        // The digest was read after a check of the whole record; one whose body still does not
        // decode was written wrong: it agrees with nothing.
        let Ok(record) = Record::decode(record) else {
            answer.digest = None;
            answer.undecodable = true;
            return;
        };
        let first = self.merged_digest.is_none();
        if first {
            self.merged = record;
            self.merged_digest = answer.digest;
        } else {
            self.merged.merge(&record, rule);
            self.merged_digest = Some(self.merged.digest());
        }
    }

    /// How many owners have answered what could be merged.
    pub(super) fn sound(&self) -> usize {
        let answers = self.answers.iter();
        answers.filter(|answer| !answer.undecodable).count()
    }

    pub(super) fn covers(&self, seen: &History) -> bool {
        self.merged.history().includes(seen)
    }

    pub(super) fn holds_merged(&self, place: usize) -> bool {
        let holds = |answer: &Answer| answer.digest == self.merged_digest && !answer.undecodable;
        self.answer(place).is_some_and(holds)
    }

    pub(super) fn is_stale(&self, place: usize) -> bool {
        self.has_answered(place) && !self.holds_merged(place)
    }

    pub(super) fn record(&self) -> &Record {
        &self.merged
    }

    /// The merged record as bytes, encoded once.
    pub(super) fn merged(&mut self) -> Bytes {
        let merged = &self.merged;
        self.encoded.get_or_insert_with(|| merged.encode()).clone()
    }

    pub(super) fn explain(&self, place: usize) -> ExplainStep {
        match self.answer(place) {
            Some(Answer { same: true, .. }) => ExplainStep::Same,
            Some(Answer {
                record: Some(record),
                ..
            }) => {
                let record = Record::decode(record).unwrap_or_default();
                ExplainStep::Answered(record.dots().collect())
            }
            _ => ExplainStep::Absent,
        }
    }

    fn answer(&self, place: usize) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.place == place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{Dot, Origin, RequestId, Stamp, Value, Version};

    fn record(origin: u64) -> Bytes {
        let version = Version {
            dot: Dot {
                origin: Origin(origin),
                counter: 1,
            },
            request: RequestId::new(u128::from(origin)),
            stamp: Stamp::ZERO,
            value: Value::Live {
                bytes: Bytes::from_static(b"v"),
                attributes: None,
            },
        };
        let mut record = Record::new();
        record.write(version, ConflictRule::Siblings);
        record.encode()
    }

    fn reading(answers: Vec<ReplicaAnswer>) -> Reading {
        let mut reading = Reading::default();
        for (place, answer) in answers.into_iter().enumerate() {
            assert!(reading.take(place, answer));
            if place == 0 {
                reading.compare_with(place);
            }
        }
        reading
    }

    #[test]
    fn the_same_and_nothing_at_all_agree() {
        let mut same = reading(vec![ReplicaAnswer::Record(record(1)), ReplicaAnswer::Same]);
        assert_eq!(same.verdict(ConflictRule::Siblings), Verdict::Agreed);
        let mut none = reading(vec![ReplicaAnswer::Absent, ReplicaAnswer::Absent]);
        assert_eq!(none.verdict(ConflictRule::Siblings), Verdict::Agreed);
        assert!(none.holds_merged(0));
    }

    #[test]
    fn who_lacks_something_is_stale() {
        let mut reading = reading(vec![
            ReplicaAnswer::Absent,
            ReplicaAnswer::Record(record(1)),
            ReplicaAnswer::Record(record(2)),
        ]);
        assert_eq!(reading.verdict(ConflictRule::Siblings), Verdict::Differ);
        assert!((0..3).all(|place| reading.is_stale(place)));
        assert_eq!(reading.record().siblings(), 2);
    }

    #[test]
    fn a_late_answer_with_news_changes_the_merge() {
        let mut reading = reading(vec![ReplicaAnswer::Record(record(1))]);
        assert_eq!(reading.verdict(ConflictRule::Siblings), Verdict::Agreed);
        let first = reading.merged();
        assert!(!reading.has_unmerged());
        assert!(reading.take(2, ReplicaAnswer::Record(record(2))));
        assert!(reading.has_unmerged());
        assert_eq!(reading.verdict(ConflictRule::Siblings), Verdict::Differ);
        assert_ne!(reading.merged(), first);
    }

    /// Another owner may answer before the one whose digest is compared.
    #[test]
    fn the_same_means_the_record_that_was_compared() {
        let mut reading = reading(vec![ReplicaAnswer::Absent]);
        assert!(reading.take(1, ReplicaAnswer::Record(record(1))));
        assert!(reading.take(2, ReplicaAnswer::Same));
        assert_eq!(reading.verdict(ConflictRule::Siblings), Verdict::Differ);
        assert!(reading.is_stale(2));
    }

    #[test]
    fn who_was_sent_the_merge_is_stale_again_when_the_merge_changes() {
        let absent = ReplicaAnswer::Absent;
        let mut reading = reading(vec![absent, ReplicaAnswer::Record(record(1))]);
        reading.verdict(ConflictRule::Siblings);
        reading.sent_merged(0);
        assert!(!reading.is_stale(0));
        assert!(reading.take(2, ReplicaAnswer::Record(record(2))));
        reading.verdict(ConflictRule::Siblings);
        assert!((0..3).all(|place| reading.is_stale(place)));
    }
}
