//! How large merging makes records: a put is refused where the own record is full, a merge never.

use bytes::Bytes;
use cartwheel::coordination::{Coordinator, Effect};
use cartwheel::limits::RECORD_LEN_CEILING;
use cartwheel::message::client::RequestError;
use cartwheel::replica::{Prepared, ReplicaReply};
use cartwheel::time::{Moment, WallTime};
use cartwheel::version::{
    ConflictRule, Context, Dot, Origin, Record, RequestId, Stamp, Value, Version,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::coordinators::{coordinator, owners, put, request, ring};

const OWNERS: usize = 4;

/// A full record, small enough that random puts fill it.
const FULL: usize = 100;

#[derive(Clone, Debug)]
enum Step {
    /// An owner takes a put of so many bytes, if its record has room; with a context that some
    /// client holds, or blind.
    Put(usize, usize, Option<Index>),
    /// A client reads at an owner.
    Read(usize),
    /// The record of one owner reaches another.
    Merge(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let owner = || 0..OWNERS;
    let context = prop::option::weighted(0.3, any::<Index>());
    let put = (owner(), FULL / 4..=FULL / 2, context);
    prop_oneof![
        8 => put.prop_map(|(at, len, context)| Step::Put(at, len, context)),
        1 => owner().prop_map(Step::Read),
        2 => (owner(), owner()).prop_map(|(from, to)| Step::Merge(from, to)),
    ]
}

#[derive(Default)]
struct Owners {
    records: [Record; OWNERS],
    contexts: Vec<Context>,
    minted: u64,
}

impl Owners {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Put(at, len, context) => self.put(*at, *len, context.as_ref()),
            Step::Read(at) => self.contexts.push(self.records[*at].context()),
            Step::Merge(from, to) => {
                let other = self.records[*from].clone();
                self.records[*to].merge(&other, ConflictRule::Siblings);
            }
        }
    }

    fn put(&mut self, at: usize, len: usize, context: Option<&Index>) {
        let mut record = self.records[at].clone();
        if let Some(context) = context.filter(|_| !self.contexts.is_empty()) {
            record.cover(&context.get(&self.contexts).history);
        }
        if record.values_len() + len > FULL {
            return;
        }
        self.minted += 1;
        let dot = Dot {
            origin: Origin(at as u64 + 1),
            counter: self.minted,
        };
        let version = Version {
            dot,
            request: RequestId::new(u128::from(self.minted)),
            stamp: Stamp::ZERO,
            value: Value::Live {
                bytes: Bytes::from(vec![0; len]),
                attributes: None,
            },
        };
        record.write(version, ConflictRule::Siblings);
        self.records[at] = record;
    }

    /// What all owners make together.
    fn merged(&self) -> Record {
        let mut merged = Record::new();
        for record in &self.records {
            merged.merge(record, ConflictRule::Siblings);
        }
        merged
    }
}

proptest! {
    #[test]
    fn merging_makes_no_more_than_a_full_record_of_each_owner(
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut owners = Owners::default();
        for step in &steps {
            owners.step(step);
            let largest = owners.merged().values_len();
            prop_assert!(largest <= OWNERS * FULL, "{largest} bytes");
        }
    }
}

/// What a coordinator sends when its own replica has made a record of so many bytes.
fn sent(len: usize) -> Vec<Effect<()>> {
    let ring = ring(3, ConflictRule::Siblings);
    let mut coordinator: Coordinator<()> = coordinator(owners(&ring)[0], &ring);
    let (now, mut effects) = (Moment::from_micros(1), Vec::new());
    coordinator.start(request(put()), now, WallTime(1), &mut effects);
    let Some(Effect::Local(command)) = effects.pop() else {
        panic!("its own replica is first")
    };
    let prepared = Prepared {
        record: Bytes::from(vec![0; len]),
        dot: None,
        context: Context::default(),
        repeated: false,
    };
    let reply = ReplicaReply::Prepared(Box::new(prepared));
    coordinator.on_local(command.operation, reply, now, &mut effects);
    effects
}

#[test]
fn a_record_that_no_link_takes_is_not_sent_and_fails_the_write() {
    let sent_to_two = |effects: &[Effect<()>]| {
        effects.len() == 2
            && effects
                .iter()
                .all(|effect| matches!(effect, Effect::Put(..)))
    };
    assert!(sent_to_two(&sent(RECORD_LEN_CEILING)));
    let effects = sent(RECORD_LEN_CEILING + 1);
    let unreachable = matches!(
        effects[..],
        [Effect::Answer(
            (),
            Err(RequestError::QuorumUnreachable { failed: 2, .. })
        )]
    );
    assert!(unreachable, "neither of the others was asked");
}
