//! Who is refused by its clock (rule 8): a node whose clock is surely off, and only writes of
//! buckets where the last writer wins.

use std::sync::Arc;
use std::time::Duration;

use cartwheel::bucket::Bucket;
use cartwheel::clock_offset::{ClockExchange, ClockOffsets};
use cartwheel::coordination::{Coordinator, Demand, Effect};
use cartwheel::message::client::{Delete, QuorumOptions, RequestError};
use cartwheel::node::NodeId;
use cartwheel::time::{Moment, WallTime};
use cartwheel::version::{ConflictRule, Context, Origin, RequestId, Stamp};
use proptest::prelude::*;

use crate::coordinators::{KEY, coordinator, get, put, request, ring, secret};

const LIMIT_MS: u64 = 500;
const NOON_MS: u64 = 1_800_000_000_000;

fn at_ms(ms: u64) -> Moment {
    Moment::from_micros(ms * 1000)
}

/// What a node knows after it has asked its peers, each with the error of its clock, the way of
/// the question and that of the answer.
fn asked(peers: &[(i64, u64, u64)]) -> ClockOffsets {
    let mut offsets = ClockOffsets::new(Duration::from_millis(LIMIT_MS));
    for (peer, (error, there, back)) in peers.iter().enumerate() {
        let exchange = ClockExchange {
            asked: at_ms(0),
            answered: at_ms(there + back),
            wall: WallTime((NOON_MS + there).saturating_add_signed(*error)),
        };
        offsets.observe(NodeId(peer as u64), exchange);
    }
    offsets
}

fn is_refused(own: i64, peers: &[(i64, u64, u64)], after_ms: u64) -> bool {
    let wall = WallTime((NOON_MS + after_ms).saturating_add_signed(own));
    asked(peers).check(at_ms(after_ms), wall).is_err()
}

fn way() -> std::ops::Range<u64> {
    0..400
}

proptest! {
    #[test]
    fn a_good_clock_is_never_refused_while_most_others_are_good(
        own in -250_i64..=250, good in prop::collection::vec((-250_i64..=250, way(), way()), 2),
        bad in (any::<i32>(), way(), way()), after in 800_u64..5_000,
    ) {
        let mut peers = good;
        peers.push((i64::from(bad.0), bad.1, bad.2));
        prop_assert!(!is_refused(own, &peers, after));
    }

    #[test]
    fn a_clock_that_is_off_by_more_than_can_be_explained_is_refused(
        own in prop_oneof![-90_000_i64..-1_200, 1_201_i64..90_000],
        good in prop::collection::vec((-250_i64..=250, way(), way()), 2..4),
        after in 800_u64..5_000,
    ) {
        // The limit, what the others may be off, and half of the longest round trip twice: once
        // as the error of the reading, once as what is taken off for it.
        prop_assume!(own.unsigned_abs() > LIMIT_MS + 250 + 400 + 400);
        prop_assert!(is_refused(own, &good, after));
    }
}

/// What becomes of a request at an owner, on a node whose clock is ten seconds ahead.
fn answers(rule: ConflictRule, demand: Demand) -> Vec<Effect<()>> {
    let mut coordinator = coordinator(NodeId(1), &ring(3, rule));
    let clocks = asked(&[(0, 5, 5), (0, 5, 5)]);
    coordinator.set_clocks(Arc::new(clocks));
    let (wall, mut effects) = (WallTime(NOON_MS + 1_000 + 10_000), Vec::new());
    coordinator.start(request(demand), at_ms(1_000), wall, &mut effects);
    effects
}

fn delete() -> Demand {
    let mut seen = Context {
        stamp: Stamp(1),
        ..Context::default()
    };
    seen.history.cover(Origin(1), 1);
    let bucket = Bucket::default_bucket(3).id;
    Demand::Delete(Delete {
        bucket: "default".to_owned(),
        key: KEY,
        context: seen.seal(&secret(), bucket, &KEY),
        request: RequestId::new(1),
        options: QuorumOptions::default(),
    })
}

#[test]
fn last_writer_wins_writes_are_refused_with_the_numbers() {
    for demand in [put(), delete()] {
        let effects = answers(ConflictRule::Lww, demand);
        let off = RequestError::ClockOff {
            offset_ms: 10_000 - 5,
            limit_ms: LIMIT_MS,
        };
        let refused = matches!(&effects[..], [Effect::Answer((), Err(error))] if *error == off);
        assert!(refused, "{effects:?}");
    }
}

/// A node is forwarded writes as soon as it can be reached, and its clock may be hours off.
#[test]
fn no_last_writer_wins_write_is_stamped_before_the_other_clocks_were_asked() {
    let mut coordinator = coordinator(NodeId(1), &ring(3, ConflictRule::Lww));
    let ask = |coordinator: &mut Coordinator<()>| {
        let mut effects = Vec::new();
        let (now, wall) = (at_ms(1_000), WallTime(NOON_MS + 1_000));
        coordinator.start(request(put()), now, wall, &mut effects);
        effects.remove(0)
    };
    let refused = ask(&mut coordinator);
    let not_serving = RequestError::NotServing {
        node: NodeId(1),
        cause: "it has not yet asked the other nodes for their time".to_owned(),
    };
    assert!(matches!(&refused, Effect::Answer((), Err(error)) if *error == not_serving));
    coordinator.set_clocks(Arc::new(ClockOffsets::new(Duration::from_millis(LIMIT_MS))));
    assert!(
        matches!(ask(&mut coordinator), Effect::Local(_)),
        "nobody else is there"
    );
}

#[test]
fn reads_and_other_buckets_are_not_concerned() {
    let taken = [
        answers(ConflictRule::Lww, get()),
        answers(ConflictRule::Siblings, put()),
        answers(ConflictRule::Siblings, delete()),
    ];
    for effects in taken {
        assert!(matches!(effects[0], Effect::Local(_)), "{effects:?}");
    }
}
