//! One replica of the key, as its shard would treat it, with the twin's facts beside it.

use std::collections::BTreeSet;

use bytes::Bytes;
use cartwheel::time::WallTime;
use cartwheel::version::{
    ConflictRule, Context, Dot, Origin, Record, RequestId, Stamp, Value, Version,
};

use super::{Facts, Seen, Write};

/// A record in a store that is open.
pub struct Replica {
    /// What the store keeps.
    pub record: Record,
    /// What the twin keeps.
    pub facts: Facts,
    origin: Origin,
    counter: u64,
}

impl Replica {
    /// Opens a store that holds this record: lost, restored or as it was, under a new origin.
    pub fn open(origin: Origin, record: Record, facts: Facts) -> Self {
        Self {
            record,
            facts,
            origin,
            counter: 0,
        }
    }

    /// Record and facts as they are now.
    pub fn copy(&self) -> (Record, Facts) {
        (self.record.clone(), self.facts.clone())
    }

    /// Answers a read.
    pub fn get(&self) -> Seen {
        Seen {
            context: self.record.context(),
            dots: self.facts.seen(),
        }
    }

    /// Coordinates a put; `tick` decides how many dots other keys took meanwhile, and how the
    /// clock stands.
    pub fn put(&mut self, request: RequestId, seen: &Seen, rule: ConflictRule, tick: u64) -> Seen {
        if let Some(first) = self.record.written_by(request) {
            return answer(seen, first.dot, first.stamp);
        }
        let value = Value::Live {
            bytes: Bytes::from(format!("{request:?}")),
            attributes: None,
        };
        self.write(request, seen, value, rule, tick)
    }

    /// Coordinates a delete.
    pub fn delete(
        &mut self,
        request: RequestId,
        seen: &Seen,
        rule: ConflictRule,
        tick: u64,
    ) -> Seen {
        if rule == ConflictRule::Lww {
            return self.write(request, seen, Value::Tombstone, rule, tick);
        }
        self.record.cover(&seen.context.history);
        self.facts.deleted.extend(&seen.dots);
        seen.clone()
    }

    /// Takes in another's record.
    pub fn merge(&mut self, record: &Record, facts: &Facts, rule: ConflictRule) {
        self.record.merge(record, rule);
        self.facts.learn(facts);
    }

    fn write(
        &mut self,
        request: RequestId,
        seen: &Seen,
        value: Value,
        rule: ConflictRule,
        tick: u64,
    ) -> Seen {
        let stamp = self.stamp(&seen.context, rule, tick);
        self.counter += 1 + tick % 3;
        let dot = Dot {
            origin: self.origin,
            counter: self.counter,
        };
        self.record.cover(&seen.context.history);
        self.record.write(
            Version {
                dot,
                request,
                stamp,
                value,
            },
            rule,
        );
        let covers = seen.dots.clone();
        self.facts.writes.insert(
            dot,
            Write {
                covers,
                stamp,
                request,
            },
        );
        answer(seen, dot, stamp)
    }

    /// Rule 8: above every stamp that the context or the record covers.
    fn stamp(&self, context: &Context, rule: ConflictRule, tick: u64) -> Stamp {
        match rule {
            ConflictRule::Lww => {
                Stamp::next(WallTime(tick), context.stamp.max(self.record.stamp()))
            }
            ConflictRule::Siblings | ConflictRule::Refuse => Stamp::ZERO,
        }
    }
}

/// Rule 2: what the client had seen and the new dot, nothing else.
fn answer(seen: &Seen, dot: Dot, stamp: Stamp) -> Seen {
    let mut answer = seen.clone();
    answer.context.history.insert(dot);
    answer.context.stamp = answer.context.stamp.max(stamp);
    answer.dots.extend(BTreeSet::from([dot]));
    answer
}
