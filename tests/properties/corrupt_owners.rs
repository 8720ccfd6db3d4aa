//! An owner whose record is corrupt is out of the quorum until it has the merge of N − W + 1
//! others (rules 4 and 5).

use cartwheel::config::ReadFanout;
use cartwheel::version::ConflictRule;

use crate::cluster::{Cluster, Fate, Step, Weather};

const PUT: fn(usize) -> Step = |via| Step::Put { via, context: None };
const GET: fn(usize) -> Step = |via| Step::Get { via, context: None };
const SYNC: fn(usize) -> Step = |at| Step::Commit { at, sync: true };

fn cluster() -> (Cluster, [usize; 3]) {
    let weather = Weather {
        fanout: ReadFanout::All,
        cold: false,
        stuck: Vec::new(),
    };
    let cluster = Cluster::new(ConflictRule::Siblings, &weather);
    let [a, b, c, _] = cluster.by_preference()[..] else {
        panic!("four nodes")
    };
    (cluster, [a, b, c])
}

/// The owners A, B and C, where A and C keep value 0 and B lacks it; then A's record is corrupt.
fn damaged() -> (Cluster, [usize; 3]) {
    let (mut cluster, [a, b, c]) = cluster();
    cluster.step(&PUT(c));
    cluster.step(&SYNC(c));
    handle(&mut cluster, c, a, "put");
    assert_eq!(cluster.fate(0), &Fate::Done([].into()));
    // The frame to B is lost with its node's power; A starts again, and finds its disk wrong.
    for at in [b, a] {
        cluster.step(&Step::Crash { at, keep: 9 });
    }
    cluster.corrupt(a);
    (cluster, [a, b, c])
}

/// A question arrives, is worked off, and the answer comes back, whatever it is.
fn handle(cluster: &mut Cluster, from: usize, to: usize, question: &str) {
    cluster.deliver_from(from, to, question);
    cluster.step(&SYNC(to));
    cluster.deliver_answer(to, from);
}

/// Value 0 is acknowledged on A and C. B coordinates a blind put and sends it to A; were that
/// taken, A and B would agree on it, and miss value 0.
#[test]
fn a_put_does_not_bring_a_corrupt_owner_back_into_the_quorum() {
    let (mut cluster, [a, b, c]) = damaged();
    cluster.step(&PUT(b));
    cluster.step(&SYNC(b));
    handle(&mut cluster, b, a, "put");
    assert_eq!(cluster.fate(1), &Fate::Open, "A does not count");
    cluster.step(&GET(b));
    cluster.step(&SYNC(b));
    handle(&mut cluster, b, a, "get");
    assert_eq!(cluster.fate(2), &Fate::Open, "nor for the read");
    handle(&mut cluster, b, c, "put");
    handle(&mut cluster, b, c, "get");
    assert_eq!(cluster.fate(1), &Fate::Done([].into()));
    assert_eq!(cluster.complaints(), &[] as &[String]);
    assert_eq!(cluster.heal_and_judge(), Vec::<String>::new());
}

/// Whichever answers last, the read of all owners fails, and the next finds all of them whole.
#[test]
fn a_read_of_all_owners_that_one_corrupt_record_fails_repairs_it() {
    for corrupt_first in [true, false] {
        let (mut cluster, [a, b, c]) = damaged();
        cluster.get_from_all(b);
        cluster.step(&SYNC(b));
        let others = match corrupt_first {
            true => [a, c],
            false => [c, a],
        };
        for other in others {
            handle(&mut cluster, b, other, "get");
        }
        assert!(matches!(cluster.fate(1), Fate::Failed(_)));
        assert!(!cluster.is_whole(a));
        // The repair asks B and C anew, and is sent to A.
        cluster.step(&SYNC(b));
        handle(&mut cluster, b, c, "get");
        handle(&mut cluster, b, a, "put");
        assert!(cluster.is_whole(a), "corrupt first: {corrupt_first}");
        assert_eq!(cluster.heal_and_judge(), Vec::<String>::new());
    }
}

/// What C alone could tell of is missing: B's answer may lack what A has acknowledged.
#[test]
fn too_few_others_repair_nothing() {
    let (mut cluster, [a, b, c]) = damaged();
    cluster.step(&Step::Link {
        one: b,
        other: c,
        up: false,
    });
    cluster.step(&GET(b));
    cluster.step(&SYNC(b));
    handle(&mut cluster, b, a, "get");
    cluster.step(&SYNC(b));
    assert!(matches!(cluster.fate(1), Fate::Failed(_)));
    assert!(cluster.is_quiet(), "nothing is sent to A");
    assert!(!cluster.is_whole(a));
    assert_eq!(cluster.heal_and_judge(), Vec::<String>::new());
}

/// Whom a client asks to write finds out too, and has its record repaired for the next try.
#[test]
fn a_coordinator_with_a_corrupt_record_refuses_and_is_repaired() {
    let (mut cluster, [a, b, c]) = damaged();
    cluster.step(&PUT(a));
    assert!(matches!(cluster.fate(1), Fate::Failed(_)));
    for other in [b, c] {
        handle(&mut cluster, a, other, "get");
    }
    cluster.step(&SYNC(a));
    assert!(cluster.is_whole(a));
    cluster.step(&PUT(a));
    cluster.step(&SYNC(a));
    handle(&mut cluster, a, b, "put");
    assert_eq!(cluster.fate(2), &Fate::Done([].into()));
    assert_eq!(cluster.heal_and_judge(), Vec::<String>::new());
}

/// What B said before A's record was found corrupt may lack what A has acknowledged since.
#[test]
fn a_repair_asks_again_those_who_answered_before_the_corrupt_owner() {
    let (mut cluster, [a, b, c]) = damaged();
    cluster.get_from_all(b);
    cluster.step(&SYNC(b));
    handle(&mut cluster, b, c, "get");
    cluster.step(&PUT(b));
    cluster.step(&SYNC(b));
    handle(&mut cluster, b, c, "put");
    assert_eq!(cluster.fate(2), &Fate::Done([].into()));
    handle(&mut cluster, b, a, "get");
    cluster.step(&SYNC(b));
    handle(&mut cluster, b, c, "get");
    handle(&mut cluster, b, a, "put");
    assert!(!cluster.is_whole(a), "the plain put is refused");
    handle(&mut cluster, b, a, "put");
    assert!(cluster.is_whole(a));
    cluster.step(&GET(a));
    cluster.step(&SYNC(a));
    handle(&mut cluster, a, c, "get");
    assert_eq!(cluster.fate(3), &Fate::Done([0, 1].into()));
}

/// A has minted value 0 and kept it, its frames are on their way, and its record is corrupt: what
/// repairs it does not know of that dot, and A's next dot must not claim it (rule 1).
#[test]
fn an_owner_that_was_repaired_claims_no_dot_of_what_it_has_lost() {
    let (mut cluster, [a, b, c]) = cluster();
    cluster.step(&PUT(a));
    cluster.step(&SYNC(a));
    cluster.corrupt(a);
    cluster.step(&GET(b));
    handle(&mut cluster, b, c, "get");
    handle(&mut cluster, b, a, "get");
    handle(&mut cluster, b, c, "get");
    handle(&mut cluster, b, a, "put");
    assert!(cluster.is_whole(a));
    cluster.step(&PUT(a));
    cluster.step(&SYNC(a));
    assert_eq!(cluster.heal_and_judge(), Vec::<String>::new());
    assert_eq!(cluster.last_fate(), Some(&Fate::Done([0, 1].into())));
}
