//! One key on three replicas, each kept twice: as a `Record`, and as the dumb twin's facts.
//!
//! Clients put blind or with a context, delete, read and retry; replicas send each other their
//! records, old copies are played again, and stores are lost, rolled back or cloned.

mod facts;
mod replica;
mod step;

use std::collections::BTreeSet;

use cartwheel::version::{ConflictRule, Context, Dot, Record, RequestId};

pub use facts::{Facts, Write};
pub use replica::Replica;
pub use step::{Step, steps, steps_with_retries};

/// How many replicas there are.
pub const REPLICAS: usize = 3;

/// What a client has seen, and the twin's reading of it.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// As the client holds it.
    pub context: Context,
    /// Every dot of it written out.
    pub dots: BTreeSet<Dot>,
}

/// What a client asked for once, and may ask for again.
#[derive(Clone, Debug)]
struct Request {
    id: RequestId,
    seen: Seen,
}

/// The replicas of one key, the clients' contexts, and every record that is under way.
pub struct World {
    /// The bucket's rule.
    pub rule: ConflictRule,
    /// The replicas.
    pub replicas: Vec<Replica>,
    /// Records as they once were: late messages, backups, clones.
    pub copies: Vec<(Record, Facts)>,
    seen: Vec<Seen>,
    requests: Vec<Request>,
    origins: u64,
}

impl World {
    /// A key that was never written.
    pub fn new(rule: ConflictRule) -> Self {
        let mut world = Self {
            rule,
            replicas: Vec::new(),
            copies: vec![<(Record, Facts)>::default()],
            seen: Vec::new(),
            requests: Vec::new(),
            origins: 0,
        };
        for _ in 0..REPLICAS {
            let opened = Replica::open(world.fresh_origin(), Record::new(), Facts::default());
            world.replicas.push(opened);
        }
        world
    }

    /// The key after these steps.
    pub fn after(rule: ConflictRule, steps: &[Step]) -> Self {
        let mut world = Self::new(rule);
        steps.iter().for_each(|step| world.step(step));
        world
    }

    /// Does one step.
    pub fn step(&mut self, step: &Step) {
        match step {
            Step::Put { at, context, tick } => {
                let seen = context.as_ref().and_then(|index| self.pick(index));
                let id = RequestId::new(self.requests.len() as u128);
                let request = Request {
                    id,
                    seen: seen.unwrap_or_default(),
                };
                self.requests.push(request.clone());
                self.put(*at, &request, *tick);
            }
            Step::Retry { at, request, tick } if !self.requests.is_empty() => {
                let request = request.get(&self.requests).clone();
                self.put(*at, &request, *tick);
            }
            Step::Delete { at, context, tick } => {
                if let Some(seen) = self.pick(context) {
                    self.delete(*at, &seen, *tick);
                }
            }
            Step::Get { at } => self.seen.push(self.replicas[*at].get()),
            Step::Send { from, to } => {
                let (record, facts) = self.replicas[*from].copy();
                self.replicas[*to].merge(&record, &facts, self.rule);
            }
            Step::Copy { of } => self.copies.push(self.replicas[*of].copy()),
            Step::Replay { copy, to } => {
                let (record, facts) = copy.get(&self.copies);
                self.replicas[*to].merge(record, facts, self.rule);
            }
            Step::Reopen { at, copy } => {
                let (record, facts) = copy.get(&self.copies).clone();
                self.replicas[*at] = Replica::open(self.fresh_origin(), record, facts);
            }
            Step::Retry { .. } => {}
        }
    }

    /// Lets every replica hear of every other's record.
    pub fn exchange(&mut self) {
        for (from, to) in [(1, 0), (2, 0), (0, 1), (0, 2)] {
            self.step(&Step::Send { from, to });
        }
    }

    /// All that any replica knows.
    pub fn all_facts(&self) -> Facts {
        let mut all = Facts::default();
        self.replicas
            .iter()
            .for_each(|replica| all.learn(&replica.facts));
        all
    }

    /// Every record there is: the replicas' own, and all copies.
    pub fn records(&self) -> Vec<Record> {
        let own = self.replicas.iter().map(|replica| replica.record.clone());
        own.chain(self.copies.iter().map(|(record, _)| record.clone()))
            .collect()
    }

    fn put(&mut self, at: usize, request: &Request, tick: u64) {
        let answer = self.replicas[at].put(request.id, &request.seen, self.rule, tick);
        self.seen.push(answer);
    }

    fn delete(&mut self, at: usize, seen: &Seen, tick: u64) {
        let id = RequestId::new(u128::MAX - self.seen.len() as u128);
        let answer = self.replicas[at].delete(id, seen, self.rule, tick);
        self.seen.push(answer);
    }

    fn pick(&self, index: &proptest::sample::Index) -> Option<Seen> {
        (!self.seen.is_empty()).then(|| index.get(&self.seen).clone())
    }

    fn fresh_origin(&mut self) -> cartwheel::version::Origin {
        self.origins += 1;
        // Random names have no order in time: later origins must sort anywhere.
        cartwheel::version::Origin(self.origins.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}
