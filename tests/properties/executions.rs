//! The executions for which the rules of replication exist, told with records alone: each as it
//! ends with the rule, and most also as it would end without, so that the rule is seen to matter.

use std::sync::Arc;

use bytes::Bytes;
use cartwheel::node::NodeId;
use cartwheel::quorum::{Owners, Progress, Tracker};
use cartwheel::time::WallTime;
use cartwheel::version::{
    ConflictRule, Context, Dot, History, Origin, Record, RequestId, Stamp, Value, Version,
};

const A: Origin = Origin(0xa);
const B: Origin = Origin(0xb);
const C: Origin = Origin(0xc);
const D: Origin = Origin(0xd);
/// What D draws after it may have forgotten a record.
const D_AFRESH: Origin = Origin(0xdd);

fn dot(origin: Origin, counter: u64) -> Dot {
    Dot { origin, counter }
}

fn version(dot: Dot, value: &'static str, stamp: Stamp) -> Version {
    let bytes = Bytes::from_static(value.as_bytes());
    Version {
        dot,
        request: RequestId::new(u128::from(dot.origin.0) << 64 | u128::from(dot.counter)),
        stamp,
        value: Value::Live {
            bytes,
            attributes: None,
        },
    }
}

/// The context of a client that has seen nothing.
fn blind() -> Context {
    Context::default()
}

/// A put at the store that holds `record`; answers what the client has seen then.
fn put(record: &mut Record, context: &Context, dot: Dot, value: &'static str) -> Context {
    record.cover(&context.history);
    record.write(version(dot, value, Stamp::ZERO), ConflictRule::Siblings);
    let mut answer = context.clone();
    answer.history.insert(dot);
    answer
}

fn merged(records: &[&Record], rule: ConflictRule) -> Record {
    let mut merged = Record::new();
    for record in records {
        merged.merge(record, rule);
    }
    merged
}

/// The live values, in the order of their dots.
fn values(record: &Record) -> Vec<&[u8]> {
    let live = record.live().map(|version| match &version.value {
        Value::Live { bytes, .. } => &bytes[..],
        Value::Tombstone => &[],
    });
    live.collect()
}

/// Rule 1. D, a fallback, mints v1, hands it over to A, drops its record and later takes a blind
/// put of v2 on the same key.
fn after_the_hand_over(origin_of_v2: Origin) -> Record {
    let mut fallback = Record::new();
    put(&mut fallback, &blind(), dot(D, 5), "v1");
    let owner = merged(&[&fallback], ConflictRule::Siblings);
    let mut fallback = Record::new();
    put(&mut fallback, &blind(), dot(origin_of_v2, 9), "v2");
    merged(&[&owner, &fallback], ConflictRule::Siblings)
}

#[test]
fn a_fallback_that_dropped_its_record_draws_a_fresh_origin_and_loses_nothing() {
    assert_eq!(values(&after_the_hand_over(D_AFRESH)), [b"v1", b"v2"]);
}

#[test]
fn without_a_fresh_origin_its_next_dot_would_claim_what_it_forgot() {
    assert_eq!(values(&after_the_hand_over(D)), [b"v2"], "v1 is lost");
}

/// Rule 1. A store is copied with its directory, and both openings take a blind put.
fn twins_of_a_directory(origin: Origin, origin_of_the_copy: Origin) -> Record {
    let (mut store, mut copy) = (Record::new(), Record::new());
    put(&mut store, &blind(), dot(origin, 1), "v1");
    put(&mut copy, &blind(), dot(origin_of_the_copy, 1), "v2");
    merged(&[&store, &copy], ConflictRule::Siblings)
}

#[test]
fn two_openings_of_one_directory_never_mint_the_same_dot() {
    assert_eq!(values(&twins_of_a_directory(A, B)), [b"v1", b"v2"]);
    assert_eq!(values(&twins_of_a_directory(A, A)), [b"v1"], "v2 is lost");
}

/// Rule 2. v1 and v2 are put blind at A; then v2's client replaces what it has seen.
#[test]
fn the_answer_to_a_blind_put_covers_its_own_dot_alone() {
    let mut record = Record::new();
    put(&mut record, &blind(), dot(A, 5), "v1");
    let seen = put(&mut record, &blind(), dot(A, 9), "v2");
    put(&mut record, &seen, dot(A, 12), "v3");
    assert_eq!(values(&record), [b"v1", b"v3"]);
}

#[test]
fn an_answer_that_covered_the_whole_record_would_destroy_what_its_client_never_saw() {
    let mut record = Record::new();
    put(&mut record, &blind(), dot(A, 5), "v1");
    put(&mut record, &blind(), dot(A, 9), "v2");
    let too_much = record.context();
    put(&mut record, &too_much, dot(A, 12), "v3");
    assert_eq!(values(&record), [b"v3"], "v1 is lost");
}

/// Rule 2. One forged context would swallow every later put of an origin.
#[test]
fn a_context_from_the_future_would_swallow_later_puts_so_it_must_be_refused() {
    let mut replica = Record::new();
    let mut forged = History::new();
    forged.cover(A, 1 << 63);
    replica.cover(&forged);
    let mut coordinator = Record::new();
    put(&mut coordinator, &blind(), dot(A, 7), "v1");
    replica.merge(&coordinator, ConflictRule::Siblings);
    assert_eq!(replica.siblings(), 0, "v1 is lost");
}

/// Rule 3. Two blind puts in a row: the second must see the first, though it is not written yet.
#[test]
fn a_put_that_reads_the_overlay_keeps_the_put_before_it() {
    let store = Record::new();
    let mut overlay = store.clone();
    put(&mut overlay, &blind(), dot(A, 5), "v1");
    put(&mut overlay, &blind(), dot(A, 9), "v2");
    assert_eq!(values(&overlay), [b"v1", b"v2"]);
    let replica = merged(&[&overlay], ConflictRule::Siblings);
    assert_eq!(values(&replica), [b"v1", b"v2"]);
}

#[test]
fn a_put_that_reads_the_store_alone_would_overwrite_the_put_before_it_everywhere() {
    let store = Record::new();
    let (mut first, mut second) = (store.clone(), store);
    put(&mut first, &blind(), dot(A, 5), "v1");
    let replica = merged(&[&first], ConflictRule::Siblings);
    put(&mut second, &blind(), dot(A, 9), "v2");
    let replica = merged(&[&replica, &second], ConflictRule::Siblings);
    assert_eq!(values(&replica), [b"v2"], "v1 is lost");
}

/// Rule 3. D stands in for A, and A gets the frame too: they are one place, and W = 2 is not met.
#[test]
fn an_owner_and_its_stand_in_are_one_acknowledgement() {
    let [a, b, c] = [1, 2, 3].map(NodeId);
    let owners: Owners = Arc::from([a, b, c]);
    let mut tracker = Tracker::new(&owners, 3, 2);
    tracker.fail(a);
    tracker.acknowledge(a);
    tracker.acknowledge(a);
    assert_eq!(tracker.progress(), Progress::Pending);
    tracker.acknowledge(c);
    assert_eq!(tracker.progress(), Progress::Met);
}

/// Rule 8. A5 at 11.5 and B3 at 12 are concurrent; a write at C whose own clock says 11 covers B3.
/// The records meet in two orders, and then each other.
fn two_orders(stamp_of_c: Stamp) -> Record {
    let write = |dot, covered: Option<Dot>, stamp| {
        let mut record = Record::new();
        let mut context = History::new();
        covered.into_iter().for_each(|dot| context.insert(dot));
        record.cover(&context);
        record.write(version(dot, "value", stamp), ConflictRule::Lww);
        record
    };
    let a = write(dot(A, 5), None, Stamp(115));
    let b = write(dot(B, 3), None, Stamp(120));
    let c = write(dot(C, 2), Some(dot(B, 3)), stamp_of_c);
    let a_and_b_first = merged(&[&a, &b, &c], ConflictRule::Lww);
    let a_and_c_first = merged(&[&a, &c, &b], ConflictRule::Lww);
    merged(&[&a_and_b_first, &a_and_c_first], ConflictRule::Lww)
}

#[test]
fn stamps_that_extend_causality_leave_the_last_writer_in_every_order() {
    let extends = Stamp::next(WallTime(0), Stamp(120));
    let left: Vec<Dot> = two_orders(extends).dots().collect();
    assert_eq!(left, [dot(C, 2)]);
}

#[test]
fn stamps_that_follow_the_clock_alone_would_leave_nothing_at_all() {
    let behind_what_it_covers = Stamp(110);
    let left = two_orders(behind_what_it_covers);
    assert_eq!(left.versions().len(), 0, "every value is lost");
}

/// Rule 8. A delete must outlive older writes that arrive after it.
#[test]
fn a_last_writer_wins_delete_is_kept_as_a_tombstone() {
    let mut deleted = Record::new();
    let tombstone = Version {
        value: Value::Tombstone,
        ..version(dot(A, 2), "", Stamp(20))
    };
    deleted.write(tombstone, ConflictRule::Lww);
    let mut older = Record::new();
    older.write(version(dot(B, 1), "older", Stamp(10)), ConflictRule::Lww);
    let left = merged(&[&deleted, &older], ConflictRule::Lww);
    assert_eq!(left, merged(&[&older, &deleted], ConflictRule::Lww));
    assert_eq!(left.siblings(), 0);
    assert_eq!(left.stamp(), Stamp(20));
}

/// Rule 4. v is acknowledged on A and C, and B lacks it. A's record is corrupt, B sends it a blind u,
/// and a strict read hears of A and B.
fn read_of_a_and_b(found_at_a: &[&Record]) -> Record {
    let mut b = Record::new();
    put(&mut b, &blind(), dot(B, 1), "u");
    let a = merged(&[found_at_a, &[&b]].concat(), ConflictRule::Siblings);
    merged(&[&a, &b], ConflictRule::Siblings)
}

#[test]
fn a_corrupt_record_that_is_repaired_from_all_it_may_have_acknowledged_misses_nothing() {
    let (mut c, b_before) = (Record::new(), Record::new());
    put(&mut c, &blind(), dot(C, 1), "v");
    let repair = merged(&[&b_before, &c], ConflictRule::Siblings);
    assert_eq!(values(&read_of_a_and_b(&[&repair])), [b"u", b"v"]);
}

#[test]
fn a_put_in_place_of_a_corrupt_record_would_make_a_quorum_that_misses_what_was_acknowledged() {
    assert_eq!(values(&read_of_a_and_b(&[])), [b"u"], "v is missed");
}

/// Rule 5. A frame that was stuck behind its link's credits arrives after the delete of its value.
#[test]
fn a_late_frame_does_not_revive_what_a_delete_covered() {
    let mut coordinator = Record::new();
    put(&mut coordinator, &blind(), dot(A, 1), "v");
    let late = coordinator.clone();
    let mut replica = Record::new();
    replica.cover(&coordinator.context().history);
    replica.merge(&late, ConflictRule::Siblings);
    assert_eq!(replica.siblings(), 0);
}
