//! A read that repairs while another owner is late with news (rule 4): what it shows has to be on
//! enough owners, and the news is not yet.

use cartwheel::config::ReadFanout;
use cartwheel::version::ConflictRule;

use crate::cluster::{Cluster, Fate, Step, Weather};

const PUT: fn(usize) -> Step = |via| Step::Put { via, context: None };
const GET: fn(usize) -> Step = |via| Step::Get { via, context: None };
const SYNC: fn(usize) -> Step = |at| Step::Commit { at, sync: true };

/// Owner C holds value 0 and owner B value 1, and neither put is answered. A read at A finds B's
/// value; C's answer comes while A's own copy of the repair waits for the disk.
fn read_with_a_late_owner() -> (Cluster, [usize; 3]) {
    let weather = Weather {
        fanout: ReadFanout::All,
        cold: false,
        stuck: Vec::new(),
    };
    let mut cluster = Cluster::new(ConflictRule::Siblings, &weather);
    let [a, b, c, _] = cluster.by_preference()[..] else {
        panic!("four nodes")
    };
    for step in [PUT(c), SYNC(c), PUT(b), SYNC(b), GET(a)] {
        cluster.step(&step);
    }
    for owner in [b, c] {
        cluster.deliver_from(a, owner, "get");
        cluster.deliver_from(owner, a, "got");
    }
    cluster.step(&SYNC(a));
    (cluster, [a, b, c])
}

#[test]
fn what_a_late_owner_brings_is_not_shown_before_it_is_kept() {
    let (mut cluster, [a, b, _]) = read_with_a_late_owner();
    let fate = cluster.fate(2);
    assert_eq!(fate, &Fate::Done([1].into()));
    // The next read hears of A and B alone, before anything else has reached B.
    cluster.step(&GET(a));
    cluster.step(&SYNC(a));
    cluster.deliver_from(a, b, "get");
    cluster.deliver_from(b, a, "got");
    assert_eq!(cluster.complaints(), &[] as &[String]);
}

#[test]
fn what_a_late_owner_brings_is_kept_everywhere_in_the_end() {
    let (mut cluster, _) = read_with_a_late_owner();
    assert_eq!(cluster.heal_and_judge(), Vec::<String>::new());
    let all = Fate::Done([0, 1].into());
    assert_eq!(cluster.last_fate(), Some(&all));
}

/// Nobody waits for it, and no read needs it: the owners only agree sooner.
#[test]
fn what_a_late_owner_lacks_is_sent_to_it_behind_the_answer() {
    let weather = Weather {
        fanout: ReadFanout::All,
        cold: false,
        stuck: Vec::new(),
    };
    let mut cluster = Cluster::new(ConflictRule::Siblings, &weather);
    let [a, b, c, _] = cluster.by_preference()[..] else {
        panic!("four nodes")
    };
    for step in [PUT(c), SYNC(c)] {
        cluster.step(&step);
    }
    cluster.deliver_from(c, a, "put");
    // The frame to B is lost.
    for step in [SYNC(a), Step::Crash { at: b, keep: 0 }, GET(a)] {
        cluster.step(&step);
    }
    cluster.deliver_from(a, c, "get");
    cluster.deliver_from(c, a, "got");
    assert_eq!(cluster.fate(1), &Fate::Done([0].into()));
    cluster.deliver_from(a, b, "get");
    cluster.deliver_from(b, a, "got");
    cluster.deliver_from(a, b, "put");
    cluster.step(&SYNC(b));
    assert!(cluster.is_whole(b));
}
