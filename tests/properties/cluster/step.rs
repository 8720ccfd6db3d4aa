//! What can happen to a cluster, drawn at random; places are numbers of nodes.

use cartwheel::config::ReadFanout;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{NODES, Weather};

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// A client writes through a node, blind or with a context it holds.
    Put { via: usize, context: Option<Index> },
    /// A client repeats an earlier put, through any node.
    Retry { via: usize, call: Index },
    /// A client deletes what a context covers.
    Delete { via: usize, context: Index },
    /// A client reads.
    Get { via: usize, context: Option<Index> },
    /// A message arrives.
    Deliver(Index),
    /// A message arrives, and will arrive again.
    Double(Index),
    /// A store writes what is queued, and may sync it.
    Commit { at: usize, sync: bool },
    /// Time passes.
    Wait { ms: u64 },
    /// A link goes down or up.
    Link { one: usize, other: usize, up: bool },
    /// A node loses its power; of what its store had not synced so many batches are left.
    Crash { at: usize, keep: usize },
    /// A store fails at its next write or sync.
    FailStore { at: usize, sync: bool },
}

/// What the run has to live with.
pub fn weather() -> impl Strategy<Value = Weather> {
    let fanout = prop::sample::select(&[ReadFanout::All, ReadFanout::Quorum][..]);
    let stuck = prop::collection::vec((place(), place()), 0..5);
    let weather = (fanout, any::<bool>(), stuck);
    weather.prop_map(|(fanout, cold, stuck)| Weather {
        fanout,
        cold,
        stuck,
    })
}

/// A run in which nothing breaks: messages and syncs only come late.
pub fn calm_run() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(calm(), 20..160)
}

/// A run with crashes, failed stores, broken links and messages that come twice.
pub fn stormy_run() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(prop_oneof![12 => calm(), 1 => fault()], 20..160)
}

fn place() -> impl Strategy<Value = usize> {
    0..NODES
}

fn calm() -> impl Strategy<Value = Step> {
    let put = (place(), any::<Option<Index>>());
    let get = (place(), prop::option::weighted(0.2, any::<Index>()));
    prop_oneof![
        3 => put.prop_map(|(via, context)| Step::Put { via, context }),
        1 => (place(), any::<Index>()).prop_map(|(via, call)| Step::Retry { via, call }),
        1 => (place(), any::<Index>()).prop_map(|(via, context)| Step::Delete { via, context }),
        6 => get.prop_map(|(via, context)| Step::Get { via, context }),
        40 => any::<Index>().prop_map(Step::Deliver),
        20 => (place(), prop::bool::weighted(0.8)).prop_map(|(at, sync)| Step::Commit { at, sync }),
        2 => (0_u64..40).prop_map(|ms| Step::Wait { ms }),
    ]
}

fn fault() -> impl Strategy<Value = Step> {
    let links = (place(), place(), any::<bool>());
    prop_oneof![
        2 => any::<Index>().prop_map(Step::Double),
        3 => links.prop_map(|(one, other, up)| Step::Link { one, other, up }),
        2 => (place(), 0_usize..3).prop_map(|(at, keep)| Step::Crash { at, keep }),
        1 => (place(), any::<bool>()).prop_map(|(at, sync)| Step::FailStore { at, sync }),
    ]
}
