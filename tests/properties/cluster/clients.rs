//! What clients asked, what they were told, and what they really saw: the judge of a run.

use std::collections::BTreeSet;

use bytes::Bytes;
use cartwheel::message::client::{Delete, Get, Put};
use cartwheel::message::client::{Deleted, Got, PutDone};
use cartwheel::message::{Message, decode};

use super::Answered;

/// A value, by the number of the put that wrote it; retries write the same value.
pub type Value = usize;

/// A context a client holds, and the values that it was shown.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub context: Bytes,
    pub values: BTreeSet<Value>,
}

/// What a client asked for.
#[derive(Clone, Debug)]
pub enum Wanted {
    Put { value: Value, seen: Seen },
    Delete { seen: Seen },
    Get { must_see: BTreeSet<Value> },
}

/// A request and its fate.
#[derive(Clone, Debug)]
pub struct Call {
    pub wanted: Wanted,
    pub fate: Fate,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is under way.
    Open,
    /// Its node crashed, and the connection with it.
    Lost,
    /// It was refused, or failed.
    Failed(String),
    /// It is done; a get has seen these values.
    Done(BTreeSet<Value>),
}

/// Every client of a run.
#[derive(Default)]
pub struct Clients {
    pub calls: Vec<Call>,
    pub seen: Vec<Seen>,
    /// What some client was told is stored: acknowledged, or shown by a read.
    told: BTreeSet<Value>,
    retried: BTreeSet<Value>,
    pub complaints: Vec<String>,
}

impl Clients {
    /// Notes a request; answers its number.
    pub fn ask(&mut self, wanted: Wanted) -> usize {
        if let Wanted::Put { value, .. } = wanted {
            let again = |call: &Call| matches!(call.wanted, Wanted::Put { value: other, .. } if other == value);
            if self.calls.iter().any(again) {
                self.retried.insert(value);
            }
        }
        self.calls.push(Call {
            wanted,
            fate: Fate::Open,
        });
        self.calls.len() - 1
    }

    /// The node that took a put has to look for an owner, and may try several: that is a retry too.
    pub fn may_be_repeated(&mut self, value: Value) {
        self.retried.insert(value);
    }

    /// What a read that begins now has to show, or what replaced it.
    pub fn told(&self) -> BTreeSet<Value> {
        self.told.clone()
    }

    /// Takes an answer.
    pub fn answered(&mut self, call: usize, answer: Answered) {
        if self.calls[call].fate != Fate::Open {
            self.complaints
                .push(format!("call {call} was answered twice"));
        }
        self.calls[call].fate = match answer {
            Err(error) => Fate::Failed(error.to_string()),
            Ok(body) => Fate::Done(self.done(call, &body)),
        };
    }

    fn done(&mut self, call: usize, body: &[u8]) -> BTreeSet<Value> {
        match self.calls[call].wanted.clone() {
            Wanted::Put { value, mut seen } => {
                let done: PutDone = decode(Put::KIND, body).expect("a put's answer");
                seen.context = done.context;
                seen.values.insert(value);
                self.told.insert(value);
                self.seen.push(seen);
                BTreeSet::new()
            }
            Wanted::Delete { mut seen } => {
                let done: Deleted = decode(Delete::KIND, body).expect("a delete's answer");
                seen.context = done.context;
                self.seen.push(seen);
                BTreeSet::new()
            }
            Wanted::Get { must_see } => {
                let got: Got = decode(Get::KIND, body).expect("a get's answer");
                let values: Vec<Value> = got
                    .values
                    .iter()
                    .map(|sibling| value_of(&sibling.value))
                    .collect();
                let shown: BTreeSet<Value> = values.iter().copied().collect();
                if shown.len() != values.len() {
                    self.complaints
                        .push(format!("a retry is a sibling of itself: {values:?}"));
                }
                for value in must_see {
                    if !self.is_kept(value, &shown) {
                        let missing = format!("call {call} shows {shown:?} and misses {value}");
                        self.complaints.push(missing);
                    }
                }
                self.told.extend(&shown);
                self.seen.push(Seen {
                    context: got.context,
                    values: shown.clone(),
                });
                shown
            }
        }
    }

    /// Whether a value is among these, or a write whose client had seen it is (invariant 1).
    pub fn is_kept(&self, value: Value, live: &BTreeSet<Value>) -> bool {
        let mut asked = BTreeSet::from([value]);
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            if live.contains(&value) {
                return true;
            }
            for call in &self.calls {
                match &call.wanted {
                    Wanted::Delete { seen } if seen.values.contains(&value) => return true,
                    Wanted::Put { value: next, seen } if seen.values.contains(&value) => {
                        open.extend(asked.insert(*next).then_some(*next));
                    }
                    _ => {}
                }
            }
        }
        false
    }

    /// What is wrong with a run that ended with these values on every owner.
    pub fn judge(&self, live: &BTreeSet<Value>) -> Vec<String> {
        let mut complaints = self.complaints.clone();
        for (number, call) in self.calls.iter().enumerate() {
            if call.fate == Fate::Open {
                complaints.push(format!("call {number} was never answered"));
            }
            let Fate::Done(_) = call.fate else { continue };
            match &call.wanted {
                Wanted::Put { value, .. } if !self.is_kept(*value, live) => {
                    complaints.push(format!("{value} was acknowledged and is lost"));
                }
                Wanted::Put { value: next, seen } => {
                    complaints.extend(self.revived(&seen.values, *next, live));
                }
                Wanted::Delete { seen } => {
                    complaints.extend(self.revived(&seen.values, usize::MAX, live))
                }
                Wanted::Get { .. } => {}
            }
        }
        complaints.extend(
            live.iter()
                .filter(|value| !self.was_put(**value))
                .map(|value| format!("{value} is invented")),
        );
        complaints
    }

    /// Where the last writer wins, one value is left, and none only where something was deleted.
    pub fn judge_last_writers(&self, live: &BTreeSet<Value>) -> Vec<String> {
        let mut complaints = self.complaints.clone();
        let open = self
            .calls
            .iter()
            .filter(|call| call.fate == Fate::Open)
            .count();
        if open > 0 {
            complaints.push(format!("{open} calls were never answered"));
        }
        let deleted = self
            .calls
            .iter()
            .any(|call| matches!(call.wanted, Wanted::Delete { .. }));
        let acknowledged = self.calls.iter().any(|call| {
            matches!(call.wanted, Wanted::Put { .. }) && matches!(call.fate, Fate::Done(_))
        });
        if live.len() > 1 || (live.is_empty() && acknowledged && !deleted) {
            complaints.push(format!("{live:?} are left"));
        }
        complaints
    }

    /// A write that was acknowledged has replaced what its client had seen, for good. A retry may
    /// bring a value back as another write.
    fn revived(&self, seen: &BTreeSet<Value>, by: Value, live: &BTreeSet<Value>) -> Vec<String> {
        let revived = seen
            .iter()
            .filter(|value| **value != by && live.contains(value));
        let revived = revived.filter(|value| !self.retried.contains(value));
        revived
            .map(|value| format!("{value} was replaced and is back"))
            .collect()
    }

    fn was_put(&self, value: Value) -> bool {
        self.calls
            .iter()
            .any(|call| matches!(call.wanted, Wanted::Put { value: put, .. } if put == value))
    }
}

/// The bytes of a value.
pub fn bytes_of(value: Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn value_of(bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).expect("a number");
    text.parse().expect("a number")
}
