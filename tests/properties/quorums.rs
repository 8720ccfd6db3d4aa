//! `Tracker` against a recount of all replies so far, in any order, over one set or two.

use std::collections::BTreeSet;

use cartwheel::node::NodeId;
use cartwheel::quorum::{Owners, Progress, Tracker};
use proptest::prelude::*;

/// The nodes there are; the sets are drawn from them, so that they overlap.
const NODES: u64 = 8;

#[derive(Clone, Copy, Debug)]
enum Reply {
    Acknowledged(NodeId),
    Failed(NodeId),
}

/// Owners in order of preference, how many of them count, how many must answer.
#[derive(Clone, Debug)]
struct Set {
    owners: Owners,
    n: u8,
    required: u8,
}

fn node() -> impl Strategy<Value = NodeId> {
    (0..NODES).prop_map(NodeId)
}

fn set() -> impl Strategy<Value = Set> {
    let nodes: Vec<NodeId> = (0..NODES).map(NodeId).collect();
    let owners = Just(nodes).prop_shuffle();
    (owners, 1..=NODES as usize, 1_u8..=9, 0_u8..=6).prop_map(|(mut owners, len, n, required)| {
        owners.truncate(len);
        Set {
            owners: owners.into(),
            n,
            required,
        }
    })
}

fn replies() -> impl Strategy<Value = Vec<Reply>> {
    let reply = prop_oneof![
        node().prop_map(Reply::Acknowledged),
        node().prop_map(Reply::Failed),
    ];
    prop::collection::vec(reply, 0..16)
}

fn tracker(set: &Set, joint: Option<&Set>) -> Tracker {
    let tracker = Tracker::new(&set.owners, set.n, set.required);
    match joint {
        Some(joint) => tracker.joined_by(&joint.owners, joint.n, joint.required),
        None => tracker,
    }
}

fn tell(tracker: &mut Tracker, replies: &[Reply]) {
    for reply in replies {
        match reply {
            Reply::Acknowledged(place) => tracker.acknowledge(*place),
            Reply::Failed(place) => tracker.fail(*place),
        }
    }
}

impl Set {
    /// The dumb twin: who has answered at all, and who is left.
    fn recount(&self, replies: &[Reply]) -> (u8, u8, Progress) {
        let places: BTreeSet<_> = self.owners.iter().take(usize::from(self.n)).collect();
        let acknowledged = |place: &NodeId| {
            let is = |reply: &Reply| matches!(reply, Reply::Acknowledged(by) if by == place);
            replies.iter().any(is)
        };
        let failed = |place: &NodeId| {
            let is = |reply: &Reply| matches!(reply, Reply::Failed(by) if by == place);
            replies.iter().any(is) && !acknowledged(place)
        };
        let yes = places.iter().filter(|place| acknowledged(place)).count();
        let no = places.iter().filter(|place| failed(place)).count();
        let required = usize::from(self.required);
        let progress = match () {
            () if yes >= required => Progress::Met,
            () if places.len() - no < required => Progress::Unreachable,
            () => Progress::Pending,
        };
        (yes as u8, no as u8, progress)
    }
}

/// Both sets need their quorum, and one that can't get it is enough to give up.
fn both(one: Progress, other: Progress) -> Progress {
    use Progress::{Met, Pending, Unreachable};
    match (one, other) {
        (Unreachable, _) | (_, Unreachable) => Unreachable,
        (Pending, _) | (_, Pending) => Pending,
        (Met, Met) => Met,
    }
}

proptest! {
    #[test]
    fn a_tracker_agrees_with_a_recount_after_every_reply(
        set in set(), joint in prop::option::of(set()), replies in replies(),
    ) {
        let mut tracker = tracker(&set, joint.as_ref());
        for told in 0..=replies.len() {
            let (told, next) = replies.split_at(told);
            let one = set.recount(told).2;
            let other = joint.as_ref().map_or(Progress::Met, |joint| joint.recount(told).2);
            prop_assert_eq!(tracker.progress(), both(one, other));
            tell(&mut tracker, &next[..next.len().min(1)]);
        }
    }

    #[test]
    fn the_order_of_replies_does_not_matter(
        set in set(), joint in prop::option::of(set()),
        (replies, shuffled) in replies().prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
    ) {
        let mut in_order = tracker(&set, joint.as_ref());
        let mut in_another = in_order.clone();
        tell(&mut in_order, &replies);
        tell(&mut in_another, &shuffled);
        prop_assert_eq!(in_order, in_another);
    }

    /// The numbers of an error are those of one of the sets, and of the one that lacks most.
    #[test]
    fn the_tally_is_that_of_the_set_that_lacks_most(
        set in set(), joint in prop::option::of(set()), replies in replies(),
    ) {
        let mut tracker = tracker(&set, joint.as_ref());
        tell(&mut tracker, &replies);
        let tally = tracker.tally();
        let numbers = |set: &Set| {
            let (yes, no, _) = set.recount(&replies);
            (set.required, yes, no)
        };
        let all: Vec<_> = [Some(&set), joint.as_ref()].into_iter().flatten().map(numbers).collect();
        let told = (tally.required, tally.acknowledged, tally.failed);
        prop_assert!(all.contains(&told), "{:?} is none of {:?}", tally, all);
        let lacks = |(required, yes, _): (u8, u8, u8)| required.saturating_sub(yes);
        prop_assert_eq!(Some(lacks(told)), all.into_iter().map(lacks).max());
    }

    /// Two quorums of one set always share a node, whichever answered.
    #[test]
    fn two_majorities_share_a_place(n in 1_u8..=15, one: u16, other: u16) {
        let nodes: Owners = (0..u64::from(n)).map(NodeId).collect();
        let meets = |mask: u16| {
            let mut tracker = Tracker::new(&nodes, n, cartwheel::quorum::majority(n));
            let members = nodes.iter().filter(|node| mask >> node.0 & 1 == 1);
            members.for_each(|node| tracker.acknowledge(*node));
            tracker.progress() == Progress::Met
        };
        let mask = (1_u32 << n) - 1;
        if meets(one) && meets(other) {
            prop_assert_ne!(u32::from(one & other) & mask, 0);
        }
    }
}

/// An empty layout and more than can ever answer: no panic, and an end.
#[test]
fn a_quorum_over_its_owners_is_unreachable_at_once() {
    let nobody: Owners = Owners::from([]);
    assert_eq!(
        Tracker::new(&nobody, 3, 2).progress(),
        Progress::Unreachable
    );
    let many: Owners = (0..300).map(NodeId).collect();
    assert_eq!(
        Tracker::new(&many, 255, 16).progress(),
        Progress::Unreachable
    );
    assert_eq!(Tracker::new(&many, 255, 15).progress(), Progress::Pending);
}
